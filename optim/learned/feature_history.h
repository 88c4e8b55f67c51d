#pragma once
#include <vector>

#include "autodiff/tape.h"
#include "optim/learned/parameter_features.h"

namespace l2l {

/// The features of all coordinates along a trajectory, with what they remember of the gradients before.
class FeatureHistory {
 public:
  FeatureHistory(const Preprocess& preprocess, const Layout& layout)
      : preprocess_(preprocess),
        of_parameters_(preprocess, layout),
        memory_(static_cast<std::size_t>(preprocess.memory() * layout.size()), Real(0)) {}
  /// Those of the next gradient, [n], as constants on a tape: [F, n]
  Var operator()(Tape& tape, std::span<const Real> gradient) {
    const Index F = preprocess_.features(), n = static_cast<Index>(gradient.size());
    Real *const x = tape.scratch(F * n), *const rows = tape.scratch(of_parameters_.rows() * n);
    of_parameters_(gradient, rows);
    preprocess_(gradient, memory_.data(), t_++, x, n, rows);
    return tape.leaf({F, n}, x);
  }
  std::size_t bytes() const { return memory_.size() * sizeof(Real) + of_parameters_.bytes(); }

 private:
  Preprocess preprocess_;
  ParameterFeatures of_parameters_;
  std::vector<Real> memory_;
  Index t_ = 0;
};

}  // namespace l2l
