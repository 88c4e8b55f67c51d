#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optim/evaluate.h"
#include "optim/learned/learned_optimizer.h"
#include "optim/rules.h"

namespace l2l {

/// How a learned optimizer is trained.
struct MetaTrainConfig {
  int epochs = 1000;  // meta-epochs: trajectories of `steps` steps (of `functions` functions each)
  int steps = 100;
  int first_steps = 0;  // steps of the first trajectories, which grow geometrically to `steps`; 0: all have `steps`
  int unroll = 20;  // steps between two updates of φ; divides `steps`
  int functions = 1;  // functions whose meta-gradients are averaged in one meta-step
  double learning_rate = 0.01;  // of ADAM on φ, at the start
  double final_rate = 0.01;  // what the cosine decay ends at, as a fraction of learning_rate; 1: constant
  double clip = 1;  // largest norm of the meta-gradient; 0: none
  int validate_every = 25;  // meta-epochs
  int validation_functions = 16;
  int validation_steps = 0;  // 0: as many as `steps`
  int patience = 0;  // stop after so many validations without a better one; 0: never
  std::uint64_t seed = 0;
  int threads = 1;
  bool fused = true;  // the unroll as one node (see unroll.h); false: the plain version
  double discount = 1;  // γ, see MetaTrainer
  std::vector<double> weights = {};  // w_0 … w_unroll of the unroll's losses; empty: all 1
  std::optional<FixedRule> imitated = {};  // to learn from this rule and not from the losses, see MetaTrainer
};

/// One line of the training log.
struct EpochReport {
  int epoch = 0;  // 1 … epochs
  int steps = 0;  // of its trajectories
  double meta_loss = 0;  // mean loss per step along the trajectory that was trained on
  double final_loss = 0;  // at its end
  double deviation = 0;  // root of the mean relative squared error of an imitation along it
  double gradient_norm = 0;  // of the meta-gradient before clipping, mean over the epoch's meta-steps
  double learning_rate = 0;
  bool validated = false;
  double validation = 0;  // final loss on the validation functions, if validated
  bool best = false;  // the best so far
};

/// What came of a training: from a loss that doing nothing gives, `start`, to what the trained optimizer reaches.
enum class Outcome { learned, did_nothing, made_worse, diverged };
/// `did_nothing`: less than 5% below `start`, or no better than a blind guess (see Optimizee::blind_loss).
Outcome judge(double start, double reached, double blind);

/// Everything that a run needs to go on where it stopped.
struct MetaTrainState {
  std::vector<Real> phi, best_phi;
  Adam::State adam;
  Rng::State random;
  int epoch = 0;  // finished ones
  double best_validation = 0;
  double start_validation = 0;  // mean loss at θ_0 on the validation functions: what doing nothing gives
  int validations_since_best = 0;
};

/// Trains a model on an optimizee. Each meta-step runs an unroll (truncated backpropagation through time), and lets
/// ADAM take a step on φ to make Σ_t w_t f(θ_t) small (eq. 2 of the paper), with gradients of f as constants.
///
/// That an update u_t changes all later gradients, and with them the updates that follow, is left out. In truth much of
/// what one update does, later ones undo; counted as it stands, an update answers for losses that it hardly changes.
/// With a discount γ < 1 it answers the less the farther ahead they are:
///     ∂L/∂u_t ≈ Σ_{s>t} γ^{s-t-1} w_s ∇_s                    (γ = 1: the paper's)
/// as rewards are discounted in reinforcement learning, where that trades bias for variance.
///
/// Or it imitates a hand-designed rule (Chen et al. 2020, "Training stronger baselines for learning to optimize"): the
/// rule sees the same gradients, along the trajectory that the learner itself makes (Ross, Gordon & Bagnell 2011), and
/// where it would take the step u*_t, the unroll of T steps is to make
///     E = 1/T Σ_t ‖u_t - u*_t‖² / (2 ‖u*_t‖²)
/// small. Discount and weights have no part in that. The loss of a validation is reported, but the last copy is the
/// best one: early ones may happen to be better than the rule on a few functions, and fail on others.
class MetaTrainer {
 public:
  /// An Error if the model's groups are not those of θ; a UsageError for a configuration that cannot be.
  MetaTrainer(const OptimizerModel& model, OptimizeeFactory optimizee, const MetaTrainConfig& config);
  ~MetaTrainer();

  /// One meta-epoch, and a validation where one is due. An Error tells when a loss, φ or its moments are no longer
  /// finite. After that, or whatever else is thrown (by the optimizee, say), the state is that after the epoch before.
  EpochReport run_epoch();
  bool done() const;

  const MetaTrainState& state() const { return state_; }
  void resume(MetaTrainState state);
  /// Frozen φ with the best final loss on the validation functions (early stopping); of an imitation, of the last
  /// validation.
  LearnedOptimizer best() const { return {model_, state_.best_phi}; }
  /// Memory that the trajectories and their unrolls hold, as far as the epochs up to now have shown.
  std::size_t bytes() const;
  /// Why the result is of no use, or "": "the optimizer learned to do nothing: …".
  std::string complaint() const;

 private:
  struct Workspace;
  double validate(const std::vector<Real>& phi, int steps) const;
  int trajectory_steps() const;

  OptimizerModel model_;
  OptimizeeFactory optimizee_;
  MetaTrainConfig config_;
  MetaTrainState state_;
  std::unique_ptr<Workspace> work_;
};

}  // namespace l2l
