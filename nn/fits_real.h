#pragma once
#include <cmath>
#include <limits>

#include "autodiff/types.h"

namespace l2l {

/// Whether x is in the range of a Real: its conversion is finite, and 0 only if x is.
inline bool fits_real(double x) {
  return std::fabs(x) <= std::numeric_limits<Real>::max() && (x == 0 || static_cast<Real>(x) != 0);
}

}  // namespace l2l
