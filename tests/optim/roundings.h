#pragma once
#include "optim/learned/coordinate_model.h"
#include "tests/tolerance.h"

namespace l2l::testing {

/// Roundings on the way through `steps` steps of a learned optimizer. A layer takes at most sums of 2H products, and
/// some 30 for its sigmoids, tanhs and what is made of them. Backward passes go through sums of 4H products, with the
/// forward pass it is three times as many.
inline double forward_roundings(const CoordinateConfig& config, int steps) {
  return static_cast<double>(steps) * (config.layers + config.dense) * (4 * config.hidden + 30);
}
inline double gradient_roundings(const CoordinateConfig& config, int steps) {
  return 3 * forward_roundings(config, steps);
}

}  // namespace l2l::testing
