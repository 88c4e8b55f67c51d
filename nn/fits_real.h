#pragma once
#include <cmath>
#include <limits>

#include "autodiff/types.h"

namespace l2l {

/// Whether x is a number whose size a Real has: it becomes neither infinite nor, unless it is, 0.
inline bool fits_real(double x) {
  return std::fabs(x) <= std::numeric_limits<Real>::max() && (x == 0 || static_cast<Real>(x) != 0);
}

}  // namespace l2l
