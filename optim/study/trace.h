#pragma once
#include <array>
#include <string>
#include <vector>

#include "optim/evaluate.h"
#include "optim/learned/learned_optimizer.h"

namespace l2l {

/// What goes on inside a learned optimizer at one step, over all coordinates.
struct TraceStep {
  double loss = 0;  // f(θ_t), per function
  double median_theta = 0, median_update = 0;  // medians of |θ| and |u|
  double change = 0;  // ⟨∇_t, u_t⟩ per function: what the update does to the loss, to first order
  double clipped = 0;  // share of coordinates with |∇| < e^-p, whose logarithm the LSTM does not see
  struct Layer {
    std::string group;  // of its LSTM, "" for all
    int index = 0;  // in its LSTM
    // Shares of the gates i, f, g, o that are beyond 0.01 and 0.99 (g: beyond ±0.99), where they hardly learn.
    std::array<double, 4> saturated = {};
    double mean_cell = 0, largest_cell = 0;  // mean and largest |c| after the step
  };
  std::vector<Layer> layers;  // of all LSTMs, concatenated
};

struct Trace {
  std::vector<TraceStep> steps;  // as many as were asked for, or up to the first value that is not finite
  std::string not_finite;  // that value: "the update at step 3", or ""
};

/// Follows the optimizer through the plain LSTM (nn/lstm.h), all of whose values are there to be looked at, on the
/// function k that `follow` meets too. Of an optimizer of several parts, each is followed on its group.
Trace trace(const LearnedOptimizer& learned, const Family& family, int k, const EvaluateOptions& options);

}  // namespace l2l
