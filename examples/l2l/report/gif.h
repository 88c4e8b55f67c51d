#pragma once
#include <string>

namespace l2l {

/// An animated GIF whose last frame stays for `time` (in 1/100 s): gnuplot gives all frames the same. An Error if the
/// bytes are no animation, or an incomplete one.
std::string last_frame_held(std::string gif, int time);

}  // namespace l2l
