#pragma once
#include "autodiff/ops.h"
#include "optim/optimizee.h"

namespace l2l {

/// c f(θ) for f of another family: the same problem in another unit. An optimizer that sees gradients as they are sees
/// a different problem.
class Scaled : public Optimizee {
 public:
  Scaled(std::unique_ptr<Optimizee> f, double factor) : f_(std::move(f)), factor_(factor) {}

  const Layout& layout() const override { return f_->layout(); }
  void sample(Rng& rng, Split split) override { f_->sample(rng, split); }
  void init(Rng& rng, std::span<Real> theta) const override { f_->init(rng, theta); }
  void next_batch(Rng& rng) override { f_->next_batch(rng); }
  Var loss(Tape& tape, Var theta) override { return static_cast<Real>(factor_) * f_->loss(tape, theta); }
  Index functions() const override { return f_->functions(); }
  double blind_loss() const override { return factor_ * f_->blind_loss(); }

 private:
  std::unique_ptr<Optimizee> f_;
  double factor_;
};

}  // namespace l2l
