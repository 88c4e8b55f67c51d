#pragma once
#include <functional>
#include <span>
#include <vector>

#include "optim/optimizee.h"
#include "optim/optimizer.h"
#include "optim/statistics.h"

namespace l2l {

/// Losses of one optimizer along its trajectories on several functions.
struct Curves {
  int steps = 0;
  std::vector<std::vector<double>> losses;  // [function][step], step 0 … steps: f(θ_0) … f(θ_steps)

  /// f(θ_step) of each function.
  std::vector<double> at(int step) const;
  double mean(int step) const { return l2l::mean(at(step)); }
  double sem(int step) const { return standard_error(at(step)); }
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

/// Draws function k = 0, 1, … of those that `seed` and the split determine: `f` becomes it, and `theta` its starting
/// point, of as many elements as it has. The stream returned is the one to draw its minibatches from.
Rng draw_function(Optimizee& f, int k, const EvaluateOptions& options, std::vector<Real>& theta);

/// Sees ∇f at θ_0, θ_1, … of a trajectory, each before the optimizer does.
using GradientWatcher = std::function<void(std::span<const Real> gradient)>;

/// Losses f(θ_0) … f(θ_steps) on function k (see `draw_function`). From a loss that is not finite on all are infinite,
/// and the optimizer is not asked any more. `gradient` is where the work is done: it keeps its memory from one
/// trajectory to the next.
std::vector<double> follow(Optimizer& optimizer, Optimizee& f, int k, const EvaluateOptions& options,
                           Gradient& gradient, const GradientWatcher& watch = {});

/// A trajectory to be followed: by an optimizer of its own, on function k (see `draw_function`).
struct Task {
  OptimizerFactory optimizer;
  int function;
};
/// The losses of each (see `follow`), several at a time; of the options, `functions` has no meaning here.
std::vector<std::vector<double>> follow_all(std::span<const Task> tasks, const OptimizeeFactory& optimizee,
                                            const EvaluateOptions& options);

/// Follows an optimizer on functions that are drawn from `seed` and the split alone. A trajectory that reaches a loss
/// that is not finite counts as infinite from there on.
Curves evaluate(const OptimizerFactory& optimizer, const OptimizeeFactory& optimizee, const EvaluateOptions& options);

}  // namespace l2l
