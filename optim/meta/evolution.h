#pragma once
#include <memory>
#include <vector>

#include "optim/evaluate.h"
#include "optim/learned/learned_optimizer.h"
#include "optim/meta/estimator.h"
#include "optim/rules.h"

namespace l2l {

/// How a trained optimizer is refined.
struct EvolutionConfig : EstimatorConfig {
  int iterations = 120;
  double learning_rate = 0.03;  // of ADAM, at the start
  double final_rate = 0.05;  // what its cosine decay ends at, as a fraction of learning_rate
  int validate_every = 8;  // iterations
  int validation_functions = 8;
};

/// One line of the log.
struct EvolutionReport {
  int iteration = 0;  // 1 … iterations
  double loss = 0;  // mean over its trajectories of the mean of their last losses
  double learning_rate = 0;
  bool validated = false;
  double validation = 0;  // see `Evolution::validate_start`, if validated
  bool best = false;  // the best so far
};

/// Refines a trained optimizer for losses far along its trajectories, by evolution strategies (see estimator.h): ADAM
/// takes a step along each estimate of the gradient.
///
/// Meta-training by backpropagation cannot see farther than an unroll, and without second derivatives hardly beyond one
/// step: it teaches to descend fast, now. Here losses are just measured, so that whatever pays in the end counts, a
/// detour included. The price is noise, which grows with the number of weights that are searched: only those of
/// `free_weights` move.
class Evolution {
 public:
  /// A UsageError if the configuration is invalid, an Error if weights are not finite. The functions of `training` may
  /// be others than those of `validation`, such as smaller and therefore faster ones.
  Evolution(LearnedOptimizer start, Family training, Family validation, const EvolutionConfig& config);

  /// The loss of the start on the validation functions, which iterations have to beat. The first one asks for it too.
  /// It is the mean of the `last` losses of `steps`. With trajectories of several lengths it is the geometric mean of
  /// that at `shortest` steps, twice as many, four times as many, … and `steps`: each length counts alike. An
  /// Error then if a loss is not above 0.
  double validate_start();
  /// The functions and the steps of a validation.
  EvaluateOptions validation() const;
  /// What a validation shows, as `validate_start` does, for another optimizer.
  double validate(const OptimizerFactory& optimizer) const;
  /// An iteration, and a validation where one is due. An Error if the weights are no longer finite.
  EvolutionReport run_iteration();
  /// A validation out of turn, for a search that is stopped. Nothing if the last iteration had one.
  void validate_now();
  bool done() const { return iteration_ >= config_.iterations; }
  /// The weights with the lowest loss in a validation; the start is among them.
  LearnedOptimizer best() const { return {current_.model, best_phi_}; }
  double best_validation() const { return best_validation_; }

 private:
  double validate_current();
  double keep_if_better();  // a validation

  LearnedOptimizer current_;
  Family validated_on_;
  EvolutionConfig config_;
  std::unique_ptr<Estimator> estimator_;
  std::vector<Real> best_phi_;
  Adam adam_{0};
  int iteration_ = 0, validated_ = -1;  // -1: not even the start
  double start_validation_ = 0, best_validation_ = 0;
};

}  // namespace l2l
