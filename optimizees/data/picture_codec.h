#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/types.h"

/// Picture files to bytes and back. Between this header and the rest stand libraries for file formats: stb_image, which
/// must be kept on a short lead (see picture_codec.cpp), and libexif. Nothing of them is used elsewhere.
namespace l2l {

/// 8 bits for each pixel and channel.
struct Bitmap {
  Index height = 0, width = 0;
  int channels = 0;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  std::vector<std::uint8_t> bytes;  // [height, width, channels]
};

/// What a file is refused beyond: the largest side, in pixels, and all of them.
inline constexpr Index kLargestSide = 16'384, kMostPixels = Index{1} << 26;

/// A JPEG or PNG file's content. Of 16 bits a channel the upper 8 are kept; CMYK becomes RGB. An Error says, without
/// naming the file, what is wrong with it.
Bitmap decode_picture(std::string_view file);
/// How a camera was held: where the first row and column of a JPEG belong in the picture as it is to be seen, 1 to 8
/// (Exif 2.32, section 4.6.4, "Orientation"); 1, top and left, where the file does not say.
int orientation(std::string_view file);
/// The content of a PNG file.
std::string encode_png(const Bitmap& bitmap);

}  // namespace l2l
