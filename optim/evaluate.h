#pragma once
#include <functional>
#include <span>
#include <vector>

#include "optim/optimizer.h"
#include "optim/statistics.h"
#include "optim/trajectory.h"

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

/// The generator for function k = 0, 1, … of a split: it draws the function, θ_0 and the minibatches.
Rng function_stream(int k, const EvaluateOptions& options);

/// Sees a trajectory at θ_0, θ_1, …, evaluated there, each before the optimizer takes its step.
using Watcher = std::function<void(const Trajectory&)>;

/// Losses f(θ_0) … f(θ_steps) on function k (see `function_stream`). From the first non-finite loss on, all count as
/// infinite, and the optimizer takes no more steps. `trajectory` is where the work is done: it keeps its memory from
/// one function to the next.
std::vector<double> follow(Optimizer& optimizer, const Family& family, int k, const EvaluateOptions& options,
                           Trajectory& trajectory, const Watcher& watch = {});

/// A trajectory to be followed: by an optimizer of its own, on function k (see `function_stream`).
struct Task {
  OptimizerFactory optimizer;
  int function;
};
/// The losses of each (see `follow`), several at a time, and shared out to the processes of a team (see optim/team.h);
/// of the options, `functions` has no meaning here.
std::vector<std::vector<double>> follow_all(std::span<const Task> tasks, const Family& family,
                                            const EvaluateOptions& options);

/// Follows an optimizer on functions that depend on `seed` and the split alone, see `follow`.
Curves evaluate(const OptimizerFactory& optimizer, const Family& family, const EvaluateOptions& options);

}  // namespace l2l
