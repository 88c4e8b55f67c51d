#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "optim/evaluate.h"
#include "optim/learned/learned_optimizer.h"

namespace l2l {

/// Estimates ∂L/∂φ by evolution strategies: from losses alone, without going back through the optimizer (Rechenberg
/// 1973), with antithetic pairs (Salimans et al. 2017, section 2.1; Metz et al. 2019 for learned optimizers):
///
///     ∇_φ E_ε[L(φ + ε)] ≈ 1/(2Pσ²) Σ_p (L(φ + ε_p) - L(φ - ε_p)) ε_p,   ε_p ~ N(0, σ²)
///
/// Each pair follows a training function of its own from the same start, and its difference is taken as a part of the
/// loss (see `relative_differences`).
class Estimator {
 public:
  virtual ~Estimator() = default;
  /// Adds an estimate at the weights of `current` to `gradient`. Returns the mean of the losses that it compared.
  virtual double add_gradient(const LearnedOptimizer& current, std::span<Real> gradient) = 0;
};

struct EstimatorConfig {
  int pairs = 32;  // P
  int steps = 100;  // of a trajectory
  int last = 1;  // how many losses at the end are averaged: to L of whole trajectories, and in validations
  int window = 0;  // noise reuse: steps from one estimate to the next; 0: whole trajectories
  int shortest = 0;  // noise reuse: steps of the shortest trajectory, others last up to `steps`; 0: all do
  double deviation = 0.03;  // σ
  bool all_weights = false;  // search all of φ, not only biases and output layer
  std::uint64_t seed = 0;
  int threads = 1;
};

/// Of all weights of φ only those in `free` are changed.
///
/// Whole trajectories: L is the mean of the `last` losses of a new trajectory. An estimate takes 2P of them.
///
/// Noise reuse (Li et al. 2023, "Noise-Reuse in Online Evolution Strategies", algorithm 2): each pair goes on from
/// where it is by `window` steps, whose mean loss is L. It keeps its ε_p until its trajectory ends, whereas φ may
/// change meanwhile. So an estimate costs 2P windows only. And what ε_p did to the steps before is in the difference:
/// unlike backpropagation through an unroll, it is not blind for what pays only later. The trajectories begin at
/// different times, so that every estimate sees early and late steps.
///
/// With `shortest`, lengths are drawn log-uniformly from there to `steps`, in whole windows (Metz et al. 2020, "Tasks,
/// stability, architecture, and compute"). A step t is then reached with a probability that falls with log t, so that
/// the first hundred steps count as much as they should for an optimizer that anyone may stop at any time.
std::unique_ptr<Estimator> make_estimator(const EstimatorConfig& config, const Family& family,
                                          std::vector<Layout::Range> free);

/// Where in φ the weights are that a search moves: the biases and the output layer of what learns in each group, or
/// all.
std::vector<Layout::Range> free_weights(const OptimizerModel& model, bool all);

/// How much worse the first of each pair of losses is than the second, as a part of their mean, so that no function
/// counts for more than another: 2 (a - b) / (|a| + |b|); a loss that is not finite is 2 worse than one that is. Then
/// all are cut to three times the median size of those that are not 0.
std::vector<double> relative_differences(const std::vector<std::pair<double, double>>& losses);

/// Adds the estimate above to `gradient`. differences: of each pair; changes: ε of each.
void add_antithetic_gradient(const std::vector<double>& differences, const std::vector<std::vector<Real>>& changes,
                             double deviation, std::span<Real> gradient);

}  // namespace l2l
