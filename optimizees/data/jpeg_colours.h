#pragma once
#include <string>
#include <string_view>

#include "optimizees/data/jpeg_frame.h"

namespace l2l {

/// Which colours a JPEG's components stand for. T.81 leaves it open; JFIF and Adobe's marker say it, or nothing does.
/// It is decided as libjpeg does, but where libjpeg warns or guesses, the picture is refused.
class JpegColours {
 public:
  /// Notes what a segment of an application says of colours.
  void read(int marker, std::string_view data);
  /// A segment of Adobe's that says what was decided, or none for a grey picture.
  std::string segment(const JpegFrame& frame) const;

 private:
  int transform(const JpegFrame& frame) const;

  bool jfif_ = false;
  int adobe_transform_ = -1;  // -1: none is given
};

}  // namespace l2l
