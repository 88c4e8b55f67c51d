#include "optim/study/plan.h"

#include <memory>

#include "tests/optim/families.h"
#include "tests/tolerance.h"

namespace l2l::plan_test {

using l2l::testing::Near;

namespace {

Family bowl(Index n) { return testing::bowls(n); }

/// What the trainer really holds after some epochs of two unrolls.
std::size_t held(const CoordinateModel& model, Index n, MetaTrainConfig config) {
  config.steps = 2 * config.unroll;
  MetaTrainer trainer(model, bowl(n), config);
  for (int k = 0; k < 3; ++k) trainer.run_epoch();
  return trainer.bytes();
}

}  // namespace

TEST_CASE("plan: the memory is what a training then holds") {
  for (const bool fused : {true, false}) {
    for (const Index n : {1, 700, 9001}) {
      for (const int functions : {1, 3}) {
        const CoordinateModel model({.layers = 2, .hidden = 5});
        MetaTrainConfig config;
        config.unroll = n == 1 && functions == 3 ? 200 : 4;  // a long one is not recorded
        config.steps = 400;
        config.functions = functions;
        config.threads = 2;
        config.fused = fused;
        config.validation_functions = 1;
        INFO("fused " << fused << ", n " << n << ", functions " << functions);
        const MetaPlan plan = plan_memory(model, bowl(n), config);
        const double expected = static_cast<double>(held(model, n, config));
        CHECK(plan.coordinates == n);
        CHECK(plan.weights == model.layout().size());
        // Within what vectors and blocks are rounded up by.
        CHECK(static_cast<double>(plan.unroll_bytes + plan.function_tape_bytes) ==
              Near(expected, 0.02 * expected + 1000));
        CHECK(plan.validation_bytes >= 2 * 2 * 5 * n * sizeof(Real));  // the state of one trajectory, at least
        if (plan.function_bytes > 0) {  // unknown under a sanitizer
          const Index bowls = (functions + 1) * 3 * n;  // three numbers a coordinate
          CHECK(plan.function_bytes >= bowls * sizeof(Real));
          CHECK(plan.function_bytes <= bowls * sizeof(Real) + (functions + 1) * 1000);
        }
      }
    }
  }
}

TEST_CASE("plan: times are of the whole epoch and the whole validation") {
  const CoordinateModel model({.layers = 1, .hidden = 4});
  MetaTrainConfig config;
  config.unroll = 5;
  config.steps = 5;
  config.validation_functions = 1;
  const auto pace = [&] {
    double time = 0;  // a clock that moves on by a second whenever it is looked at
    return measure_pace(model, bowl(64), config, [&] { return time++; });
  };
  const MetaPace brief = pace();
  config.steps = 5000;
  config.validation_functions = 10 * config.threads;
  const MetaPace full = pace();
  CHECK(brief.epoch > 0);
  CHECK(full.epoch == 1000 * brief.epoch);  // a thousand times the unrolls
  CHECK(brief.validation == 1);
  CHECK(full.validation == 10 * 1000);  // ten rounds of a thousand times the steps
}

}  // namespace l2l::plan_test
