#pragma once
#include <functional>

#include "optim/meta/meta_train.h"

namespace l2l {

/// What a meta-training will take. Bytes are those that come on top of what the program holds when the optimizees are
/// made (its data set, say).
struct MetaPlan {
  Index coordinates = 0, weights = 0;  // sizes of θ and φ
  std::size_t unroll_bytes = 0;  // of all trajectories: the outer tape, states and gradients
  std::size_t function_tape_bytes = 0;  // their inner tapes
  std::size_t validation_bytes = 0;  // the validation's trajectories, one a thread
  std::size_t function_bytes = 0;  // the functions of both; 0 where malloc cannot be asked (elsewhere than in glibc)

  std::size_t bytes() const { return unroll_bytes + function_tape_bytes + validation_bytes + function_bytes; }
};
/// Evaluates the optimizee twice, and records unrolls for some thousand coordinates only, in which an unroll's memory
/// is linear.
MetaPlan plan_memory(const OptimizerModel& model, const Family& family, const MetaTrainConfig& config);

struct MetaPace {
  double epoch = 0;  // seconds of a meta-epoch, validation apart
  double validation = 0;  // seconds of a validation
};
/// The time in seconds, from whenever; by default that of a clock that is never set back.
using Clock = std::function<double()>;
double steady_seconds();
/// Times one unroll of the training, after another to warm up, and a short validation.
MetaPace measure_pace(const OptimizerModel& model, const Family& family, const MetaTrainConfig& config,
                      const Clock& clock = steady_seconds);

}  // namespace l2l
