#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "autodiff/types.h"

/// What a picture file says of itself, checked against its standard before a decoder sees it.
namespace l2l {

/// What a picture is refused beyond: its largest side, in pixels, and all of them.
inline constexpr Index kLargestSide = 16'384, kMostPixels = Index{1} << 26;

struct PictureFile {
  Index height = 0, width = 0;
  std::string exif;  // the block that begins with the order of bytes (Exif 2.32, section 4.5.2); empty if there is none
  std::string content;  // a file of the same format and the same pixels, with nothing else in it
};

/// A JPEG or PNG file, checked from its first to its last byte. What follows its end is ignored. An Error says, without
/// naming the file, what is wrong with it.
PictureFile check_picture(std::string_view file);
PictureFile check_jpeg(std::string_view file);
PictureFile check_png(std::string_view file);

/// An Error for a file that is too large to be read, and for a picture without pixels or with too many.
void check_file_size(std::uintmax_t bytes);
void check_size(Index height, Index width);

}  // namespace l2l
