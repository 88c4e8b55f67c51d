// An optimizer learned for a family of functions of your own, compared with a tuned ADAM.
#include <cstdio>
#include <vector>

#include "autodiff/ops.h"
#include "optim/evaluate.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/meta/meta_train.h"
#include "optim/tune.h"

using namespace l2l;

/// Robust regression: f(θ) = mean_n √(1 + r_n²) - 1 with r = Xθ - y, where y = Xw + noise, and every tenth y is far
/// off. Every function has its own X, w and noise.
class RobustRegression : public Function {
 public:
  explicit RobustRegression(Rng& rng) : layout_(Layout::flat(kDim)), X_(kPoints * kDim), y_(kPoints) {
    std::vector<Real> w(kDim);
    rng.fill_normal(w, 0, 1);
    rng.fill_normal(X_, 0, 1);
    for (Index n = 0; n < kPoints; ++n) {
      double y = rng.normal() * (n % 10 == 0 ? 10 : 0.1);
      for (Index d = 0; d < kDim; ++d) y += X_[n * kDim + d] * w[d];
      y_[n] = static_cast<Real>(y);
    }
  }

  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, 1); }

  Var loss(Tape& tape, Var theta) override {
    const Var X = tape.leaf({kPoints, kDim}, X_.data()), y = tape.leaf({kPoints, 1}, y_.data());
    return mean(sqrt(1 + square(matmul(X, reshape(theta, {kDim, 1})) - y))) - 1;
  }

 private:
  static constexpr Index kPoints = 60, kDim = 20;
  Layout layout_;
  std::vector<Real> X_, y_;
};

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
