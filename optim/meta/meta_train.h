#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optim/evaluate.h"
#include "optim/meta/meta_config.h"
#include "optim/meta/outcome.h"
#include "optim/rules.h"

namespace l2l {

/// One line of the training log.
struct EpochReport {
  int epoch = 0;  // 1 … epochs
  int steps = 0;  // of its trajectories
  double meta_loss = 0;  // mean loss per step along the trajectory that was trained on
  double final_loss = 0;  // at its end
  std::optional<double> deviation = {};  // root of the mean relative squared error along those that imitate, if any
  double gradient_norm = 0;  // of the meta-gradient before clipping, mean over the epoch's meta-steps
  double learning_rate = 0;
  bool validated = false;
  double validation = 0;  // final loss on the validation functions, if validated
  bool best = false;  // the best so far
};

/// Everything that a run needs to go on where it stopped.
struct MetaTrainState {
  std::vector<Real> phi, best_phi;
  Adam::State adam;
  Rng::State random;  // in the process that has function 0 (see optim/team.h)
  int epoch = 0;  // finished ones
  double best_validation = 0;
  double start_validation = 0;  // mean loss at θ_0 on the validation functions: what doing nothing gives
  int validations_since_best = 0;
};

/// Trains a model on a family of functions. Each meta-step is an unroll: `unroll` steps of the optimizer on the outer
/// tape (truncated backpropagation through time), with the gradients of f as constants, after which ADAM takes a step
/// on φ to make the objective (see objective.h) small. A meta-epoch is a trajectory of `steps` steps. The functions of
/// a meta-step are shared out to the processes of a team (see optim/team.h); results do not depend on how many.
class MetaTrainer {
 public:
  /// An Error if the model's groups are not those of θ; a UsageError if the configuration is invalid.
  MetaTrainer(const OptimizerModel& model, Family family, const MetaTrainConfig& config);
  ~MetaTrainer();

  /// One meta-epoch, and a validation where one is due. An Error tells when a loss, φ or its moments are no longer
  /// finite. After that, or whatever else is thrown (by a function, say), the state is that after the epoch before.
  EpochReport run_epoch();
  bool done() const;

  const MetaTrainState& state() const { return state_; }
  /// The functions and the steps of a validation, for whoever follows another optimizer there.
  EvaluateOptions validation() const;
  void resume(MetaTrainState state);
  /// Frozen φ with the best final loss on the validation functions (early stopping); of an imitation, of the last
  /// validation.
  LearnedOptimizer best() const { return {model_, state_.best_phi}; }
  /// Memory that the trajectories and their unrolls hold, as far as the epochs up to now have shown.
  std::size_t bytes() const;
  /// What came of it so far, by its best validation; `learned` before the first.
  Outcome outcome() const;
  /// Why the result is of no use, or "": "the optimizer learned to do nothing: …".
  std::string failure_reason() const;

 private:
  struct Workspace;
  double meta_step(int epoch, int first_step);
  double validate(const std::vector<Real>& phi, int steps) const;
  int trajectory_steps() const;
  Rng function_stream(int k) const;

  OptimizerModel model_;
  Family family_;
  MetaTrainConfig config_;
  MetaTrainState state_;
  std::unique_ptr<Workspace> work_;
};

}  // namespace l2l
