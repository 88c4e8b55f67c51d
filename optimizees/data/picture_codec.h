#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/types.h"

/// Picture files to bytes and back. Between this header and the rest stands stb_image, which must be kept on a short
/// lead (see picture_codec.cpp). Nothing of it is used elsewhere.
namespace l2l {

/// 8 bits for each pixel and channel.
struct Bitmap {
  Index height = 0, width = 0;
  int channels = 0;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  std::vector<std::uint8_t> bytes;  // [height, width, channels]
  int orientation = 1;  // how it is to be seen: see exif.h
};

/// A JPEG or PNG file's content. Of 16 bits a channel the upper 8 are kept; CMYK becomes RGB; what a file says of gamma
/// or colour profiles is not used. What can be found of damage is refused: a PNG has checksums; in a JPEG, pixels that
/// are missing or too many and codes or values that do not exist are found, but not a value that became another one. An
/// Error says, without naming the file, what is wrong with it.
Bitmap decode_picture(std::string_view file);
/// The content of a PNG file.
std::string encode_png(const Bitmap& bitmap);

}  // namespace l2l
