#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "optim/evaluate.h"
#include "optim/learned/learned_optimizer.h"
#include "optim/rules.h"

namespace l2l {

/// How a trained optimizer is refined.
struct EvolutionConfig {
  int iterations = 120;
  int pairs = 32;  // P, of trajectories in an iteration
  int steps = 100;  // of a trajectory
  int last = 1;  // losses at its end, whose mean counts
  double deviation = 0.03;  // σ, of the changes that are tried
  double learning_rate = 0.03;  // of ADAM, at the start
  double final_rate = 0.05;  // what its cosine decay ends at, as a fraction of learning_rate
  int validate_every = 8;  // iterations
  int validation_functions = 8;
  std::uint64_t seed = 0;
  int threads = 1;
};

/// One line of the log.
struct EvolutionReport {
  int iteration = 0;  // 1 … iterations
  double loss = 0;  // mean over its trajectories of the mean of their last losses
  double learning_rate = 0;
  bool validated = false;
  double validation = 0;  // loss at the last step on the validation functions, if validated
  bool best = false;  // the best so far
};

/// Refines a trained optimizer for the loss that its trajectories end with, by evolution strategies (Rechenberg 1973)
/// with antithetic pairs (Salimans et al. 2017, section 2.1; Metz et al. 2019 for learned optimizers):
///     ∇_φ E_ε[L(φ + ε)] ≈ 1/(2Pσ²) Σ_p (L(φ + ε_p) - L(φ - ε_p)) ε_p,   ε_p ~ N(0, σ²)
/// Each pair follows a training function of its own from the same start, its difference is taken as a part of the loss
/// (see `relative_differences`), and ADAM takes the step.
///
/// Meta-training by backpropagation cannot see farther than an unroll, and without second derivatives hardly beyond one
/// step: it teaches to descend fast, now. Here L is just measured at the end of whole trajectories, so that whatever
/// pays in the end counts, a detour included. The price is noise, which grows with the number of weights that are
/// searched: only those of `free_weights` move.
class Evolution {
 public:
  /// A UsageError if the configuration is invalid, an Error if weights are not finite. The functions of `training` may
  /// be others than those of `validation`, such as smaller and therefore faster ones.
  Evolution(LearnedOptimizer start, Family training, Family validation, const EvolutionConfig& config);

  /// The loss of the start on the validation functions, which iterations have to beat. The first one asks for it too.
  double validate_start();
  /// An iteration, and a validation where one is due. An Error if the weights are no longer finite.
  EvolutionReport run_iteration();
  /// A validation out of turn, for a search that is stopped. Nothing if the last iteration had one.
  void validate_now();
  bool done() const { return iteration_ >= config_.iterations; }
  /// The weights with the lowest loss in a validation; the start is among them.
  LearnedOptimizer best() const { return {current_.model, best_phi_}; }
  double best_validation() const { return best_validation_; }

 private:
  double validate();
  double keep_if_better();  // a validation

  LearnedOptimizer current_;
  Family training_, validation_;
  EvolutionConfig config_;
  std::vector<Layout::Range> free_;
  std::vector<Real> best_phi_;
  Adam adam_{0};
  Rng rng_;
  int iteration_ = 0, validated_ = -1;  // -1: not even the start
  double start_validation_ = 0, best_validation_ = 0;
};

/// Where in φ the biases and the output layer of each LSTM are.
std::vector<Layout::Range> free_weights(const OptimizerModel& model);

/// How much worse the first of each pair of losses is than the second, as a part of their mean, so that no function
/// counts for more than another: 2 (a - b) / (|a| + |b|); a loss that is not finite is 2 worse than one that is. Then
/// all are cut to three times the median size of those that are not 0.
std::vector<double> relative_differences(const std::vector<std::pair<double, double>>& losses);

/// Adds the estimate above to `gradient`. differences: of each pair; changes: ε of each.
void add_antithetic_gradient(const std::vector<double>& differences, const std::vector<std::vector<Real>>& changes,
                             double deviation, std::span<Real> gradient);

}  // namespace l2l
