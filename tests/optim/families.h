#pragma once
#include <cmath>
#include <vector>

#include "autodiff/ops.h"
#include "optim/optimizee.h"

namespace l2l::testing {

/// f(θ) = ½ Σ_k a_k (θ_k - b_k)²: curvatures a between 0.5 and 1.5, minima b at random. Everything about it is known
/// by hand. With `noise`, every batch moves b a little.
class Bowl : public Optimizee {
 public:
  explicit Bowl(Index n = 3, double noise = 0) : noise_(noise), a_(n), b_(n), b_now_(n) {
    parameter_ = layout_.add("theta", {n});
  }

  const Layout& layout() const override { return layout_; }
  void sample(Rng& rng, Split split) override {
    rng.fill_uniform(a_, 0.5, 1.5);
    rng.fill_normal(b_, split == Split::test ? 1 : 0, 1);
    b_now_ = b_;
  }
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, 1); }
  void next_batch(Rng& rng) override {
    for (std::size_t k = 0; k < b_.size(); ++k) b_now_[k] = static_cast<Real>(b_[k] + noise_ * rng.normal());
  }
  Var loss(Tape& tape, Var theta) override {
    const Var a = tape.constant(theta.shape, a_), b = tape.constant(theta.shape, b_now_);
    return Real(0.5) * sum(a * square(theta - b));
  }

 private:
  Layout layout_;
  Parameter parameter_;
  double noise_;
  std::vector<Real> a_, b_, b_now_;
};

/// A loss that turns NaN once θ has moved by more than 1 from its start at 0.
class Cliff : public Optimizee {
 public:
  Cliff() { layout_.add("theta", {1}); }
  const Layout& layout() const override { return layout_; }
  void sample(Rng&, Split) override {}
  void init(Rng&, std::span<Real> theta) const override { theta[0] = 0; }
  Var loss(Tape&, Var theta) override { return sum(log(Real(1) - theta * theta) - theta); }

 private:
  Layout layout_;
};

}  // namespace l2l::testing
