#pragma once
#include <string>
#include <string_view>

namespace l2l {

/// How a picture must be turned or mirrored to be shown upright: 1 to 8 (Exif 2.32, section 4.6.4, "Orientation"). 1,
/// as it is stored, if the block of Exif does not say or is damaged.
int orientation(std::string_view exif);

/// The block of Exif in a PNG's chunk tEXt or zTXt (`compressed`), as ImageMagick and exiftool write it: a keyword, the
/// block's size and its bytes in hexadecimal. Empty if the chunk holds another text.
std::string exif_in_text(std::string_view chunk, bool compressed);

}  // namespace l2l
