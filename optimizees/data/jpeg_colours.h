#pragma once
#include <string>
#include <string_view>

#include "optimizees/data/jpeg_frame.h"

namespace l2l {

/// Which colours a JPEG's components are. T.81 does not define it, but JFIF and Adobe's marker may. Decides as libjpeg
/// does, except that a picture about which libjpeg warns or guesses is refused.
class JpegColours {
 public:
  /// Reads what an application segment says about colours.
  void read(int marker, std::string_view data);
  /// An Adobe segment that states the decision; empty for a grey picture.
  std::string segment(const JpegFrame& frame) const;

 private:
  int transform(const JpegFrame& frame) const;

  bool jfif_ = false;
  int adobe_transform_ = -1;  // -1: none is given
};

}  // namespace l2l
