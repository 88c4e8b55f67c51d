#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "optim/learned/learned_optimizer.h"

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
  bool fused = true;  // the unroll as one node (see optim/learned/fast/fused_unroll.h); false: the plain version
  double discount = 1;  // γ, see Losses in objective.h
  std::vector<double> weights = {};  // w_0 … w_unroll of the unroll's losses; empty: all 1
  bool log_loss = false;  // their logarithms count, see Losses
  std::optional<FixedRule> imitated = {};  // to learn from this rule, see Imitation
  double imitation_share = 1;  // of the trajectories; those left learn from the losses, see Mixture

  bool imitates_only() const { return imitated && imitation_share == 1; }
};

/// A UsageError that names the setting and its value if the configuration is invalid.
void check(const MetaTrainConfig& config);

/// Throws a UsageError about the setting `name` if its value is 0 or less.
void check_at_least_one(const char* name, int value);

}  // namespace l2l
