#pragma once
#include <string>
#include <string_view>

namespace l2l {

/// How a camera was held: where a picture's first row and column belong as it is to be seen, 1 to 8 (Exif 2.32, section
/// 4.6.4, "Orientation"); 1, top and left, where the block of Exif does not say, or is none.
int orientation(std::string_view exif);

/// The block of Exif in a PNG's chunk tEXt or zTXt (`compressed`), as ImageMagick and exiftool write it: a keyword, the
/// block's size and its bytes in hexadecimal. Empty if it is another text.
std::string exif_in_text(std::string_view chunk, bool compressed);

}  // namespace l2l
