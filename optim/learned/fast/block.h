#pragma once
#include "autodiff/types.h"

namespace l2l {

inline constexpr Index kBlock = 48;  // coordinates that are computed together

/// Rows of a block at several steps, each `step` numbers after the one before.
struct BlockSequence {
  const Real* rows;
  Index step;
};

}  // namespace l2l
