#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "examples/l2l/report/gnuplot.h"
#include "nn/files/atomic_file.h"

namespace l2l {

/// The colour of an optimizer in every picture: Okabe and Ito's palette, which the colour-blind can tell apart.
Commands colour_of(std::string_view optimizer);

/// The `plot` command on a logarithmic y axis with labels at 1, 2 and 5 of every decade, and more where it spans less
/// than one and a half; below a factor of four it is linear, which looks the same and has round labels.
Commands on_log_axis(const Commands& plot);

/// How to draw a curve of `points`: lines between them, or a single one as a dot.
Commands curve_style(std::size_t points);

/// Runs gnuplot on `commands`, and adds the picture to the `files` that are to be written. If that fails, for want of
/// gnuplot or for whatever reason, says so on stderr and that the numbers are in `data`. Returns whether there is a
/// picture.
bool add_picture(std::vector<NewFile>& files, const Commands& commands, const std::filesystem::path& png,
                 const std::filesystem::path& data);
/// The same for a picture that is written at once; without one an older picture is removed, which would not show the
/// numbers.
bool plot(const Commands& commands, const std::filesystem::path& png, const std::filesystem::path& data);

}  // namespace l2l
