#pragma once
#include <vector>

#include "autodiff/ops.h"
#include "optim/function.h"

namespace l2l {

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

}  // namespace l2l
