#pragma once
#include <filesystem>
#include <vector>

#include "autodiff/types.h"

namespace l2l {

/// A picture in colour: red, green and blue, each from 0 to 1, as the file has them (gamma-encoded).
struct Picture {
  Index height = 0, width = 0;
  std::vector<Real> pixels;  // [3, height, width]
};

/// A part of a picture, in its pixels; borders may lie between two of them.
struct Box {
  double top = 0, left = 0, height = 0, width = 0;
};
/// The largest square in the middle.
Box central_square(Index height, Index width);

/// Reads a JPEG or PNG: grey, 16-bit and CMYK pictures too, transparent ones as they look on white, and photographs the
/// way up that their camera noted; gamma and colour profiles are not used. One whose shorter side is longer than
/// `shorter_side` is shrunk to that before it is unpacked to numbers (24 megapixels would be 290 MB of them); 0: never.
/// An Error names the file and what is wrong with it.
Picture read_picture(const std::filesystem::path& path, Index shorter_side = 0);

/// The part of a picture in `box`, scaled to height x width pixels by cubic convolution (Keys 1981, a = -1/2), whose
/// kernel is widened where the picture shrinks, so that it averages over what a new pixel covers. What overshoots 0 or
/// 1 is clipped.
Picture resize(const Picture& picture, Index height, Index width, const Box& box);
Picture resize(const Picture& picture, Index height, Index width);

/// Writes a PNG of 8 bits a channel, wholly or not at all; what is below 0 or above 1 is clipped. An Error names the
/// path.
void write_png(const std::filesystem::path& path, const Picture& picture);

/// The files in a folder whose names end in .jpg, .jpeg or .png, in either case, sorted by name; hidden ones are left
/// out. It is an Error that names the folder if there are none.
std::vector<std::filesystem::path> pictures_in(const std::filesystem::path& folder);

}  // namespace l2l
