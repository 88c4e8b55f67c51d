// An optimizer learned for a family of functions of your own, compared with a tuned ADAM.
#include <cstdio>

#include "examples/robust_regression.h"
#include "optim/evaluate.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/meta/meta_train.h"
#include "optim/tune.h"

using namespace l2l;

int main() {
  const Family family([](Rng& rng, Split) { return std::make_unique<RobustRegression>(rng); });
  Rng rng(0);
  const GradientCheck check = gradcheck(family, rng);
  std::printf("gradient check: %s\n", check ? "good" : check.worst.c_str());

  // Meta-training, on functions of the split `train`; the best φ is chosen on those of `validation`.
  const CoordinateModel model({.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.1});
  MetaTrainer trainer(model, family, {.epochs = 200, .steps = 20, .unroll = 20, .functions = 8});
  std::printf("training an optimizer for 200 epochs; loss of the validation functions after 20 steps:\n");
  while (!trainer.done()) {
    const EpochReport report = trainer.run_epoch();
    if (report.validated && report.epoch % 50 == 0) std::printf("  epoch %3d  %.3f\n", report.epoch, report.validation);
  }

  // The comparison, on functions of the split `test`: the same for both.
  const EvaluateOptions test = {.split = Split::test, .functions = 64, .steps = 40};
  TuneOptions tune;
  tune.evaluate.steps = 20;
  const double rate = tune_learning_rate(find_rule("adam"), family, tune).learning_rate;
  const Curves adam = evaluate([=] { return std::make_unique<Adam>(rate); }, family, test);
  const Curves learned = evaluate([&] { return std::make_unique<CoordinateOptimizer>(trainer.best()); }, family, test);
  std::printf("\nmean loss of %d new functions (trained and tuned for step 20)\n\n", test.functions);
  std::printf("  step   learned   ADAM, rate %.3f\n", rate);
  for (int step = 0; step <= test.steps; step += 5) {
    std::printf("%6d %9.3f %9.3f\n", step, learned.mean(step), adam.mean(step));
  }
}
