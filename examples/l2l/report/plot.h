#pragma once
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "examples/l2l/report/gnuplot.h"
#include "nn/files/atomic_file.h"

namespace l2l {

/// The colour of an optimizer in every picture, from Okabe and Ito's palette for colour-blind readers.
Commands colour_of(std::string_view optimizer);

/// The `plot` command with a logarithmic y axis: labels at 1, 2 and 5 of every decade, and more if it spans less than
/// one and a half. If it spans less than a factor of four it is linear, which looks the same and has round labels.
Commands on_log_axis(const Commands& plot);
/// The axis alone, for a plot that follows. Not within a multiplot, as its range is determined by plotting to nowhere.
Commands log_axis(const Commands& plot);

/// How to draw a curve of so many points: as lines, or as a dot if there is one.
Commands curve_style(std::size_t points);

/// Runs gnuplot on `commands`, and adds the picture to the `files` to be written. If that fails, as without gnuplot,
/// prints the reason and that the numbers are in `data` to stderr. Returns whether there is a picture.
bool add_picture(std::vector<NewFile>& files, const Commands& commands, const std::filesystem::path& png,
                 const std::filesystem::path& data);
/// The same for an animated GIF, of at most 2 MB: `commands` draw so many frames, in a gif terminal of their own. The
/// last frame stays for three seconds.
bool add_animation(std::vector<NewFile>& files, const std::function<Commands(int frames)>& commands,
                   const std::filesystem::path& gif, const std::filesystem::path& data);
/// As add_picture, but the picture is written at once. If there is none, an older picture is removed, as it would not
/// show these numbers.
bool plot(const Commands& commands, const std::filesystem::path& png, const std::filesystem::path& data);

}  // namespace l2l
