#pragma once
#include <filesystem>
#include <vector>

#include "autodiff/types.h"

namespace l2l {

/// A picture in RGB, each from 0 to 1, gamma-encoded as in the file.
struct Picture {
  Index height = 0, width = 0;
  std::vector<Real> pixels;  // [3, height, width]
};

/// A part of a picture, in pixels; its borders may be fractions.
struct Box {
  double top = 0, left = 0, height = 0, width = 0;
};
/// The largest centred square.
Box central_square(Index height, Index width);

/// Reads a JPEG or PNG, also grey, 16-bit and CMYK. Transparency is blended with white, and photographs are turned
/// upright by their Exif orientation; gamma and colour profiles are ignored. If the shorter side is longer than
/// `shorter_side`, the picture is shrunk to that before it becomes Reals (24 megapixels would take 290 MB); 0: never.
/// An Error names the file and what is wrong with it.
Picture read_picture(const std::filesystem::path& path, Index shorter_side = 0);

/// The part of a picture in `box`, scaled to height x width pixels by cubic convolution (Keys 1981, a = -1/2). Where
/// the picture shrinks, the kernel is widened to average over what a new pixel covers. Values are clipped to [0, 1].
Picture resize(const Picture& picture, Index height, Index width, const Box& box);
Picture resize(const Picture& picture, Index height, Index width);

/// The picture in grey: R = G = B = Y, its luminance 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
Picture grey(const Picture& picture);
/// The luminance of one picture with the colours of another of its size: those of YIQ, whose I and Q stay when the same
/// is added to R, G and B (Gatys et al. 2016, "Preserving color in neural artistic style transfer").
Picture with_colours_of(const Picture& colours, const Picture& picture);

/// Writes a PNG with 8 bits per channel, atomically. Values are clipped to [0, 1]. An Error names the path.
void write_png(const std::filesystem::path& path, const Picture& picture);

/// The files in a folder whose names end in .jpg, .jpeg or .png, in either case, sorted by name, without hidden ones.
/// Throws an Error that names the folder if there are none.
std::vector<std::filesystem::path> pictures_in(const std::filesystem::path& folder);

}  // namespace l2l
