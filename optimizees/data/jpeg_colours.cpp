#include "optimizees/data/jpeg_colours.h"

#include "optimizees/data/jpeg_entropy.h"

namespace l2l {

using namespace std::string_view_literals;

void JpegColours::read(int marker, std::string_view data) {
  constexpr int kApp0 = 0xe0, kApp14 = 0xee;
  if (marker == kApp0 && data.starts_with("JFIF\0"sv)) jfif_ = true;  // ITU-T T.871, section 10.1
  if (marker == kApp14 && data.starts_with("Adobe"sv) && data.size() >= 12) {
    adobe_transform_ = static_cast<unsigned char>(data[11]);  // ITU-T T.872, section 6.5.3
  }
}

/// Adobe's numbers: 0 RGB or CMYK, 1 YCbCr, 2 YCCK.
int JpegColours::transform(const JpegFrame& frame) const {
  const std::vector<JpegComponent>& c = frame.components;
  const bool four = c.size() == 4, foreign = adobe_transform_ > 0 && adobe_transform_ != (four ? 2 : 1);
  if (four && adobe_transform_ < 0) {
    throw Error("a JPEG of four colours without Adobe's marker: nothing says which colours they are; save it as RGB");
  }
  if (foreign)
    damaged_jpeg("Adobe's marker names a colour transform ", adobe_transform_, " for ", c.size(), " colours");
  if (four) return adobe_transform_;
  const bool called_rgb = c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B';
  const int transform = jfif_ ? 1 : adobe_transform_ >= 0 ? adobe_transform_ : called_rgb ? 0 : 1;
  if (called_rgb && transform == 1) throw Error("a JPEG that calls its colours both RGB and YCbCr; save it again");
  return transform;
}

std::string JpegColours::segment(const JpegFrame& frame) const {
  if (frame.components.size() == 1) return "";
  return std::string(
             "\xff\xee\0\x0e"
             "Adobe\0\x64\0\0\0\0"sv) +
         static_cast<char>(transform(frame));
}

}  // namespace l2l
