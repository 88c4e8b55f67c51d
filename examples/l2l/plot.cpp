#include "examples/l2l/plot.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/interrupt.h"
#include "nn/atomic_file.h"

namespace l2l {
namespace {

const char kStyle[] =
    "set terminal pngcairo noenhanced size 1000,640 font 'Sans,13' background '#ffffff'\n"
    "set encoding utf8\n"
    "set border 3 linecolor '#444444'\n"
    "set tics nomirror out\n"
    "set grid back linecolor '#e4e4e4' linetype 1 linewidth 1\n"
    "set key outside right top vertical Left reverse samplen 2 spacing 1.3\n"
    "set format y '%g'\n";

/// A file without a name, gone when closed: with files for pipes neither side can block or break the other.
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File temporary(std::string_view content = "") {
  File file(std::tmpfile(), &std::fclose);
  if (!file) throw Error("no temporary file for gnuplot: ", std::strerror(errno));
  if (std::fwrite(content.data(), 1, content.size(), file.get()) != content.size() || std::fflush(file.get()) != 0) {
    throw Error("no temporary file for gnuplot: ", std::strerror(errno));
  }
  std::rewind(file.get());
  return file;
}

std::string content_of(std::FILE* file) {
  std::rewind(file);
  std::string content;
  char block[1 << 16];
  while (const std::size_t n = std::fread(block, 1, sizeof(block), file)) content.append(block, n);
  return content;
}

constexpr double kLongestPicture = 60;  // seconds: a picture takes less than one
constexpr double kGrace = 1.5;  // seconds from an interrupt on, to finish the picture

/// Why gnuplot is to be ended after `seconds` at work; "" if it may go on.
std::string overdue(double seconds) {
  if (seconds_since_interrupt() > kGrace) return "was interrupted";
  return seconds > kLongestPicture ? format("took longer than %g s", kLongestPicture) : "";
}

/// Until gnuplot has ended, by itself or, with all that it started, for being overdue. `group`: of its processes, and
/// the first of them.
void wait_for_gnuplot(pid_t group) {
  const auto start = std::chrono::steady_clock::now();
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(group, &status, WNOHANG);
    if (ended == group || (ended < 0 && errno != EINTR)) break;
    const std::string why = overdue(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (!why.empty()) {
      kill(-group, SIGKILL);
      while (waitpid(group, &status, 0) < 0 && errno == EINTR) {
      }
      throw Error("gnuplot ", why);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (status != 0) throw Error("gnuplot failed");
}

/// Runs gnuplot from one file into another.
void run_gnuplot(std::FILE* in, std::FILE* out, std::FILE* err) {
  // In a process group of its own: Ctrl-C in a terminal is for l2l, which lets it finish the picture.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  // It ends at a file that is too large (see main.cpp): to go on without the rest is not for it.
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
  char name[] = "gnuplot", no_startup_file[] = "--default-settings";
  char* arguments[] = {name, no_startup_file, nullptr};
  pid_t child = 0;
  const int failure = posix_spawnp(&child, name, &redirect, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&redirect);
  posix_spawnattr_destroy(&attributes);
  if (failure == ENOENT) throw Error("gnuplot is not installed");
  if (failure != 0) throw Error("gnuplot does not start: ", std::strerror(failure));
  wait_for_gnuplot(child);
}

/// The picture as the bytes of a PNG file.
std::string draw(const Commands& commands) {
  const File in = temporary(Commands(kStyle, commands).script()), out = temporary(), err = temporary();
  run_gnuplot(in.get(), out.get(), err.get());
  const std::string picture = content_of(out.get());
  if (!picture.starts_with("\x89PNG") || !picture.ends_with("IEND\xae\x42\x60\x82")) {
    throw Error("gnuplot made no picture, or not the whole of it");
  }
  return picture;
}

}  // namespace

Commands colour_of(std::string_view optimizer) {
  static const std::map<std::string_view, Commands> colours = {
      {"lstm", "#d55e00"},  // vermilion
      {"sgd", "#56b4e9"},  // sky blue
      {"nag", "#009e73"},  // bluish green
      {"rmsprop", "#cc79a7"},  // reddish purple
      {"adam", "#0072b2"},  // blue
      {"momentum", "#e69f00"}  // orange
  };
  const auto found = colours.find(optimizer);
  return found == colours.end() ? Commands("#000000") : found->second;
}

Commands on_log_axis(const Commands& plot) {
  const auto tics = [](const std::vector<double>& digits) {
    Commands list;
    for (int decade = -12; decade <= 12; ++decade) {
      for (const double digit : digits) list += Commands(list.empty() ? "(" : ",", digit, "e", decade);
    }
    return Commands(list, ")\n");
  };
  // Only a plot finds out the range: the first is drawn on nothing.
  return Commands("set logscale y\nset ytics ", tics({1, 2, 5}), "set terminal push\nset terminal unknown\n", plot,
                  "\nset terminal pop\nspan = GPVAL_Y_MAX / GPVAL_Y_MIN\nif (span < 32) {\nset ytics add ",
                  tics({1.5, 3, 4, 7}), "}\nif (span < 4) {\nunset logscale y\nset ytics autofreq\n}\nreplot\n");
}

Commands curve_style(std::size_t points) {
  return points == 1 ? Commands(" with points pointtype 7 ") : Commands(" with lines ");
}

bool add_picture(std::vector<NewFile>& files, const Commands& commands, const std::filesystem::path& png,
                 const std::filesystem::path& data) {
  try {
    files.push_back({png, draw(commands)});
    return true;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "l2l: no %s: %s; the numbers are in %s\n", png.filename().c_str(), error.what(), data.c_str());
    return false;
  }
}

bool plot(const Commands& commands, const std::filesystem::path& png, const std::filesystem::path& data) {
  std::vector<NewFile> files;
  const bool drawn = add_picture(files, commands, png, data);
  write_files_atomically(files, {png});
  return drawn;
}

}  // namespace l2l
