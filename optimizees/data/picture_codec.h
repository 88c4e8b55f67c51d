#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/types.h"

/// Picture files to bytes and back. Only picture_codec.cpp uses stb_image, which must not see unchecked files.
namespace l2l {

/// 8 bits for each pixel and channel.
struct Bitmap {
  Index height = 0, width = 0;
  int channels = 0;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  std::vector<std::uint8_t> bytes;  // [height, width, channels]
  int orientation = 1;  // see exif.h
};

/// Decodes the content of a JPEG or PNG file. Of 16 bits per channel the upper 8 are kept; CMYK becomes RGB; gamma and
/// colour profiles are ignored. Damage that can be detected is an Error: anywhere in a PNG, which has checksums; in a
/// JPEG, missing or surplus pixels and impossible codes or values, but not a value that changed to another valid one.
/// The Error does not name the file.
Bitmap decode_picture(std::string_view file);
/// The content of a PNG file.
std::string encode_png(const Bitmap& bitmap);

}  // namespace l2l
