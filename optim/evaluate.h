#pragma once
#include <functional>
#include <vector>

#include "optim/optimizee.h"
#include "optim/optimizer.h"

namespace l2l {

/// Losses of one optimizer along its trajectories on several functions.
struct Curves {
  int steps = 0;
  std::vector<std::vector<double>> losses;  // [function][step], step 0 … steps: f(θ_0) … f(θ_steps)

  double mean(int step) const;
  double sem(int step) const;  ///< standard error of that mean over the functions; 0 for one function
  double final_mean() const { return mean(steps); }
  /// Mean over functions of Σ_{t=first}^{last} f(θ_t).
  double sum(int first, int last) const;
};

struct EvaluateOptions {
  Split split = Split::test;
  int functions = 32;
  int steps = 100;
  std::uint64_t seed = 0;  // the same seed gives every optimizer the same functions, starts and minibatches
  int threads = 1;  // functions run in parallel; results do not depend on it
};

/// Follows an optimizer on functions that are drawn from `seed` and the split alone. A trajectory that reaches a loss
/// that is not finite counts as infinite from there on.
Curves evaluate(const OptimizerFactory& optimizer, const OptimizeeFactory& optimizee, const EvaluateOptions& options);

}  // namespace l2l
