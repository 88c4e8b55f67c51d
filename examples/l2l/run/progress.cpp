#include "examples/l2l/run/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "autodiff/format.h"
#include "optim/team.h"

namespace l2l {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::milliseconds kLogInterval{4000};

/// Whether stderr is a terminal on which a line can be rewritten. Without TERM, or if it is "dumb", it is not.
bool can_rewrite() {
  const char* const kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

/// Cuts a text to the width of the terminal, as a line that wraps could not be rewritten.
std::string fitting(const std::string& text) {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? text.substr(0, size.ws_col - 1) : text;
}

}  // namespace

std::string workers(int threads, int tasks, const std::string& flag) {
  const auto count = [](int n, const std::string& what, const char* more) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : more);
  };
  std::string text = count(threads, "thread", "s");
  const int processes = Team::current().size();
  if (processes == 1) return text;
  text += " in each of " + count(processes, "process", "es");
  if (tasks >= processes) return text;
  return text + "; " + std::to_string(processes - tasks) + " of them idle: --" + flag + " " +
         std::to_string(processes) + " would keep all busy";
}

std::string duration(double seconds) {
  const long s = std::lround(seconds);
  if (s >= 3600) return format("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  return format("%ld:%02ld", s / 60, s % 60);
}

StatusLine::StatusLine() : terminal_(can_rewrite()), due_(Clock::now()) {}

StatusLine::~StatusLine() {
  if (open_) std::fputc('\n', stderr);
}

void StatusLine::update(const std::string& text) {
  const Clock::time_point now = Clock::now();
  if (now < due_) return;
  due_ = now + (terminal_ ? kTerminalInterval : kLogInterval);
  if (terminal_) {
    std::fprintf(stderr, "\r%s\033[K", fitting(text).c_str());  // erases what is left of a longer line
    open_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::fflush(stderr);
}

void StatusLine::finish(const std::string& text) {
  std::fprintf(stderr, terminal_ ? "\r%s\033[K\n" : "%s\n", text.c_str());
  open_ = false;
  due_ = Clock::now() + (terminal_ ? kTerminalInterval : kLogInterval);
}

std::string Pace::after(int done) const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const double rate = (done - first_) / elapsed.count();
  return format("%s %d/%d  %.3g/s  ETA %s", what_.c_str(), done, total_, rate,
                duration((total_ - done) / rate).c_str());
}

}  // namespace l2l
