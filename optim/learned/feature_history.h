#pragma once
#include <vector>

#include "autodiff/tape.h"
#include "optim/learned/preprocess.h"

namespace l2l {

/// The features of n coordinates along a trajectory, with what they remember of the gradients before.
class FeatureHistory {
 public:
  FeatureHistory(const Preprocess& preprocess, Index n)
      : preprocess_(preprocess), memory_(static_cast<std::size_t>(preprocess.memory() * n), Real(0)) {}
  /// Those of the next gradient, [n], as constants on a tape: [F, n]
  Var operator()(Tape& tape, std::span<const Real> gradient) {
    const Index F = preprocess_.features(), n = static_cast<Index>(gradient.size());
    Real* const x = tape.scratch(F * n);
    preprocess_(gradient, memory_.data(), t_++, x, n);
    return tape.leaf({F, n}, x);
  }
  std::size_t bytes() const { return memory_.size() * sizeof(Real); }

 private:
  Preprocess preprocess_;
  std::vector<Real> memory_;
  Index t_ = 0;
};

}  // namespace l2l
