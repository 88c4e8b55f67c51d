#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "autodiff/types.h"
#include "optimizees/data/byte_reader.h"

namespace l2l {

struct JpegComponent {
  int id = 0;
  int horizontal = 1, vertical = 1;  // sampling factors: blocks in a minimum coded unit of several components
  int quantisation = 0;  // number of its table
  Index blocks_wide = 0, blocks_high = 0;  // in a scan of its own (section A.2.2)
  std::array<int, 64> lowest_bit{};  // of each coefficient: the lowest bit read so far, -1 before the first
  std::vector<std::uint64_t> nonzero;  // of each block: which coefficients are not zero; only in a progressive JPEG
};

struct JpegFrame {
  bool progressive = false;
  Index height = 0, width = 0;
  Index units_wide = 0, units_high = 0;  // minimum coded units of several components (section A.2.3)
  std::vector<JpegComponent> components;
};

/// A frame's header (ITU-T T.81, section B.2.2).
JpegFrame parse_frame(bool progressive, ByteReader data);

}  // namespace l2l
