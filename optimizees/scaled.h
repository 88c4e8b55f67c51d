#pragma once
#include "autodiff/ops.h"
#include "optim/function.h"

namespace l2l {

/// c f(θ): the same problem in another unit. An optimizer that sees gradients as they are sees a different problem.
class Scaled : public Function {
 public:
  Scaled(std::unique_ptr<Function> f, double factor) : f_(std::move(f)), factor_(factor) {}

  const Layout& layout() const override { return f_->layout(); }
  void init(Rng& rng, std::span<Real> theta) const override { f_->init(rng, theta); }
  void next_batch(Rng& rng) override { f_->next_batch(rng); }
  Var loss(Tape& tape, Var theta) override { return static_cast<Real>(factor_) * f_->loss(tape, theta); }
  Index functions() const override { return f_->functions(); }

 private:
  std::unique_ptr<Function> f_;
  double factor_;
};

/// The functions of another family, each times `factor`.
inline Family scaled(const Family& family, double factor) {
  const auto draw = [=](Rng& rng, Split split) { return std::make_unique<Scaled>(family(rng, split), factor); };
  return Family(draw, factor * family.chance_loss());
}

}  // namespace l2l
