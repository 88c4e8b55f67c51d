#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "autodiff/types.h"

/// Picture files, checked against their standards before a decoder sees them.
namespace l2l {

/// Limits of a picture: pixels on a side, and in all.
inline constexpr Index kMaxSide = 16'384, kMaxPixels = Index{1} << 26;

struct PictureFile {
  Index height = 0, width = 0;
  std::string exif;  // the block that begins with the byte order (Exif 2.32, section 4.5.2); empty if there is none
  std::string content;  // a file of the same format and the same pixels, with nothing else in it
};

/// Checks a JPEG or PNG file from its first to its last byte. What follows its end is ignored. An Error says what is
/// wrong; it does not name the file.
PictureFile check_picture(std::string_view file);
PictureFile check_jpeg(std::string_view file);
PictureFile check_png(std::string_view file);

/// Throw an Error if a file is too large to read, and if a picture has no pixels or too many.
void check_file_size(std::uintmax_t bytes);
void check_size(Index height, Index width);

}  // namespace l2l
