#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <mutex>

#include "autodiff/error.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/watch/progress_json.h"
#include "examples/l2l/watch/server.h"
#include "optim/team.h"

namespace l2l {
namespace {

std::atomic<int> ending = 0;  // the signal that asked to end
static_assert(std::atomic<int>::is_always_lock_free);

/// Ctrl-C is how this command is meant to end, and not an interrupt: it has nothing to save. A second one ends it at
/// once. A signal that is ignored stays so.
void listen_for_the_end() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action = {}, before;
    action.sa_handler = [](int received) { ending = received; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
}

/// The progress, read from the files at most twice a second, however many ask for it.
class Reader {
 public:
  explicit Reader(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  std::string operator()() {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (json_.empty() || now - read_ > std::chrono::milliseconds(500)) {
      json_ = progress_json(folders_);
      read_ = std::chrono::steady_clock::now();
    }
    return json_;
  }

 private:
  std::vector<std::filesystem::path> folders_;
  std::mutex mutex_;
  std::string json_;
  std::chrono::steady_clock::time_point read_;
};

}  // namespace

int watch(const WatchRequest& request) {
  if (Team::current().size() > 1) throw UsageError("watch is for one process: call it without mpirun");
  std::vector<std::filesystem::path> folders;
  for (const std::string& run : request.runs) {
    if (!std::filesystem::is_directory(run)) {
      throw Error(run, ": there is no such folder; name that of a run, as l2l train --out, or one with runs in it");
    }
    folders.push_back(std::filesystem::path(run).lexically_normal());
  }
  listen_for_the_end();
  Reader reader(folders);
  WatchServer server(request.host, request.port, [&] { return reader(); });
  if (!is_loopback(request.host)) {
    std::fprintf(stderr, "l2l: warning: --host %s: whoever reaches this computer there can read how the runs go\n",
                 printable(request.host).c_str());
  }
  std::printf("progress  %s  (Ctrl-C ends this, and no training)\n", server.url().c_str());
  std::fflush(stdout);
  server.run([] { return ending != 0; });
  return ending == SIGINT ? 0 : 128 + ending;
}

}  // namespace l2l
