#include "examples/l2l/run/program.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "autodiff/error.h"

namespace l2l {
namespace {

/// Starts a process, which leads a group of its own.
pid_t start(const std::vector<std::string>& call, std::FILE* in, std::FILE* out, std::FILE* err) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  // l2l ignores SIGXFSZ (see main.cpp); the program must not: it would continue with an incomplete file.
  sigset_t ends_it;
  sigemptyset(&ends_it);
  sigaddset(&ends_it, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &ends_it);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_t redirect;
  posix_spawn_file_actions_init(&redirect);
  posix_spawn_file_actions_adddup2(&redirect, fileno(in), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&redirect, fileno(out), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&redirect, fileno(err), STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& word : call) arguments.push_back(const_cast<char*>(word.c_str()));  // exec changes none
  arguments.push_back(nullptr);
  pid_t process = 0;
  const int failure = posix_spawnp(&process, arguments[0], &redirect, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&redirect);
  posix_spawnattr_destroy(&attributes);
  if (failure == ENOENT) throw Error(call[0], " is not installed");
  if (failure != 0) throw Error(call[0], " does not start: ", std::strerror(failure));
  return process;
}

}  // namespace

TemporaryFile temporary_file(std::string_view content) {
  TemporaryFile file(std::tmpfile(), &std::fclose);
  if (!file || std::fwrite(content.data(), 1, content.size(), file.get()) != content.size() ||
      std::fflush(file.get()) != 0) {
    throw Error("no temporary file for another program: ", std::strerror(errno));
  }
  std::rewind(file.get());
  return file;
}

std::string content_of(std::FILE* file, std::size_t from) {
  std::string content;
  char block[1 << 16];
  for (;;) {  // pread does not move the position at which the program writes
    const ssize_t n = pread(fileno(file), block, sizeof(block), static_cast<off_t>(from + content.size()));
    if (n <= 0) return content;
    content.append(block, static_cast<std::size_t>(n));
  }
}

bool run_program(const std::vector<std::string>& call, std::FILE* in, std::FILE* out, std::FILE* err,
                 const std::function<void()>& meanwhile) {
  const pid_t group = start(call, in, out, err);
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(group, &status, WNOHANG);
    if (ended == group || (ended < 0 && errno != EINTR)) return status == 0;
    try {
      meanwhile();
    } catch (...) {
      kill(-group, SIGKILL);
      while (waitpid(group, &status, 0) < 0 && errno == EINTR) {
      }
      throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace l2l
