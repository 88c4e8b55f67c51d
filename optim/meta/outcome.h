#pragma once
#include "optim/diverged.h"

namespace l2l {

/// What came of a training: from a loss that doing nothing gives, `start`, to what the trained optimizer reaches.
enum class Outcome { learned, did_nothing, made_worse, diverged };
/// `did_nothing`: less than 5% below `start`, or within 1% of the loss at chance (see Family) or above it;
/// `made_worse`: 1.5 times `start`.
Outcome classify(double start, double reached, double chance);

}  // namespace l2l
