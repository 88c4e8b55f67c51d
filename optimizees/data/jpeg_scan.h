#pragma once
#include <string_view>
#include <vector>

#include "optimizees/data/jpeg_entropy.h"
#include "optimizees/data/jpeg_frame.h"

/// Checks a JPEG's compressed pixels (ITU-T T.81, annexes F and G).
namespace l2l {

/// A scan's header (section B.2.3), with the tables that are valid for it.
struct JpegScan {
  struct Part {
    JpegComponent* component;
    const HuffmanTable *dc, *ac;
    int prediction = 0;  // the last DC coefficient
  };
  std::vector<Part> parts;
  int first = 0, last = 63;  // coefficients
  int high = 0, low = 0;  // lowest bit of the scan before (0: none), and of this one
  Index restart_interval = 0;  // in minimum coded units; 0: none
};

/// Decodes a scan's compressed pixels without keeping them, and returns what follows. Their number must be that of the
/// frame, all codes and values must exist, and each bit of a coefficient must come once, from the highest to the
/// lowest.
std::string_view check_scan(const JpegFrame& frame, const JpegScan& scan, std::string_view data);

}  // namespace l2l
