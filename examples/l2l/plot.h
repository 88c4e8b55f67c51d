#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace l2l {

/// The colour of an optimizer in every picture: Okabe and Ito's palette, which the colour-blind can tell apart.
std::string colour_of(std::string_view optimizer);

/// The `plot` command on a logarithmic y axis with labels at 1, 2 and 5 of every decade, and more where it spans less
/// than one and a half; below a factor of four it is linear, which looks the same and has round labels.
std::string on_log_axis(const std::string& plot);

/// How to draw a curve of `points`: lines between them, or a single one as a dot.
std::string curve_style(std::size_t points);

/// Text as a gnuplot string literal.
std::string literal(std::string_view text);

/// Runs gnuplot on `commands` and writes the picture to `png`. If that fails, for want of gnuplot or for whatever
/// reason, says so on stderr and that the numbers are in `data`, and removes an older picture, which would not show
/// them. Returns whether there is a picture.
bool plot(const std::string& commands, const std::filesystem::path& png, const std::filesystem::path& data);

}  // namespace l2l
