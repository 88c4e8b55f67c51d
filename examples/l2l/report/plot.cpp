#include "examples/l2l/report/plot.h"

#include <chrono>
#include <cstdio>
#include <map>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/report/gif.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/program.h"
#include "nn/files/atomic_file.h"

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

constexpr double kLongestPicture = 60;  // seconds: a picture takes less than one
constexpr double kGrace = 1.5;  // seconds after an interrupt, to finish the picture

/// Throws an Error if gnuplot, after these seconds, must be stopped.
void stop_if_overdue(double seconds) {
  if (seconds_since_interrupt() > kGrace) throw Error("gnuplot was interrupted");
  if (seconds > kLongestPicture) throw Error(format("gnuplot took longer than %g s", kLongestPicture));
}

/// What gnuplot writes.
std::string drawn(const Commands& commands) {
  const TemporaryFile in = temporary_file(Commands(kStyle, commands).script()), out = temporary_file(),
                      err = temporary_file();
  const auto start = std::chrono::steady_clock::now();
  const auto meanwhile = [&] {
    stop_if_overdue(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  };
  if (!run_program({"gnuplot", "--default-settings"}, in.get(), out.get(), err.get(), meanwhile)) {
    throw Error("gnuplot failed");
  }
  return content_of(out.get());
}

/// The picture as the bytes of a PNG file.
std::string png_of(const Commands& commands) {
  const std::string picture = drawn(commands);
  if (!picture.starts_with("\x89PNG") || !picture.ends_with("IEND\xae\x42\x60\x82")) {
    throw Error("gnuplot made no picture, or an incomplete one");
  }
  return picture;
}

/// Adds what `draw` returns to the files; if it throws, says why, and where the numbers are.
template <class Draw>
bool add_drawn(std::vector<NewFile>& files, const std::filesystem::path& file, const std::filesystem::path& data,
               Draw draw) {
  if (!writes_files()) return false;
  try {
    files.push_back({file, draw()});
    return true;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "l2l: no %s: %s; the numbers are in %s\n", file.filename().c_str(), error.what(),
                 data.c_str());
    return false;
  }
}

}  // namespace

Commands colour_of(std::string_view optimizer) {
  static const std::map<std::string_view, Commands> colours = {
      {"lstm", "#d55e00"},  // vermilion
      {"sgd", "#56b4e9"},  // sky blue
      {"nag", "#009e73"},  // bluish green
      {"rmsprop", "#cc79a7"},  // reddish purple
      {"adam", "#0072b2"},  // blue
      {"momentum", "#e69f00"},  // orange
      {"muon-growing", "#999999"}  // grey; muon itself is black
  };
  const auto found = colours.find(optimizer);
  return found == colours.end() ? Commands("#000000") : found->second;
}

Commands log_axis(const Commands& plot) {
  const auto tics = [](const std::vector<double>& digits) {
    Commands list;
    for (int decade = -12; decade <= 12; ++decade) {
      for (const double digit : digits) list += Commands(list.empty() ? "(" : ",", digit, "e", decade);
    }
    return Commands(list, ")\n");
  };
  // Only plotting determines the range: the first plot goes to no terminal.
  return Commands("set logscale y\nset ytics ", tics({1, 2, 5}), "set terminal push\nset terminal unknown\n", plot,
                  "\nset terminal pop\nspan = GPVAL_Y_MAX / GPVAL_Y_MIN\nif (span < 32) {\nset ytics add ",
                  tics({1.5, 3, 4, 7}), "}\nif (span < 4) {\nunset logscale y\nset ytics autofreq\n}\n");
}

Commands on_log_axis(const Commands& plot) { return Commands(log_axis(plot), plot, "\n"); }

Commands curve_style(std::size_t points) {
  return points == 1 ? Commands(" with points pointtype 7 ") : Commands(" with lines ");
}

bool add_picture(std::vector<NewFile>& files, const Commands& commands, const std::filesystem::path& png,
                 const std::filesystem::path& data) {
  return add_drawn(files, png, data, [&] { return png_of(commands); });
}

bool add_animation(std::vector<NewFile>& files, const std::function<Commands(int frames)>& commands,
                   const std::filesystem::path& gif, const std::filesystem::path& data) {
  constexpr int kFrames = 41, kHold = 300;  // 1/100 s
  constexpr std::size_t kLargest = 2'000'000;  // bytes
  return add_drawn(files, gif, data, [&] {
    for (int frames = kFrames;; frames /= 2) {
      const std::string animation = last_frame_held(drawn(commands(frames)), kHold);
      if (animation.size() <= kLargest || frames < 4) return animation;
    }
  });
}

bool plot(const Commands& commands, const std::filesystem::path& png, const std::filesystem::path& data) {
  std::vector<NewFile> files;
  const bool drawn = add_picture(files, commands, png, data);
  write_files_atomically(files, {png});
  return drawn;
}

}  // namespace l2l
