#include "optimizees/data/jpeg_frame.h"

#include <algorithm>

#include "optimizees/data/jpeg_entropy.h"
#include "optimizees/data/picture_file.h"

namespace l2l {

JpegFrame parse_frame(bool progressive, ByteReader data) {
  JpegFrame frame;
  frame.progressive = progressive;
  const int bits = data.byte();
  frame.height = data.number(2);
  frame.width = data.number(2);
  const int count = data.byte();
  if (bits != 8) throw Error("a JPEG of ", bits, " bits for each colour; only 8 can be read");
  if (frame.height == 0) throw Error("a JPEG that gives its height after its pixels (DNL); save it again");
  check_size(frame.height, frame.width);
  if (count != 1 && count != 3 && count != 4) throw Error("a JPEG of ", count, " colours; 1, 3 or 4 can be read");
  int widest = 1, highest = 1;
  for (int k = 0; k < count; ++k) {
    JpegComponent component;
    component.id = data.byte();
    const int factors = data.byte();
    component.horizontal = factors >> 4;
    component.vertical = factors & 15;
    component.quantisation = data.byte();
    const auto possible = [](int factor) { return factor >= 1 && factor <= 4; };
    if (!possible(component.horizontal) || !possible(component.vertical))
      damaged_jpeg("a sampling factor is out of range");
    if (component.quantisation > 3) damaged_jpeg("a component has no quantisation table");
    for (const JpegComponent& other : frame.components) {
      if (other.id == component.id) damaged_jpeg("two components have one name");
    }
    widest = std::max(widest, component.horizontal);
    highest = std::max(highest, component.vertical);
    component.lowest_bit.fill(-1);
    frame.components.push_back(component);
  }
  if (!data.empty()) damaged_jpeg("its header is too long");
  const auto shares = [](Index size, Index parts) { return (size + parts - 1) / parts; };
  frame.units_wide = shares(frame.width, 8 * widest);
  frame.units_high = shares(frame.height, 8 * highest);
  for (JpegComponent& component : frame.components) {
    if (widest % component.horizontal != 0 || highest % component.vertical != 0) {
      throw Error("a JPEG with colours of fractional sampling; it cannot be read");
    }
    component.blocks_wide = shares(shares(frame.width * component.horizontal, widest), 8);
    component.blocks_high = shares(shares(frame.height * component.vertical, highest), 8);
  }
  return frame;
}

}  // namespace l2l
