#pragma once
#include <memory>
#include <span>
#include <vector>

#include "optim/function.h"

namespace l2l {

/// A point θ that moves along a function: θ_0, θ_1, … An optimizer, learned or not, is run on a function like this:
///
///     trajectory.start(family, rng, Split::train);     // a function, and θ_0
///     for (int t = 0; t < steps; ++t) {
///       trajectory.evaluate(rng);                      // f and ∇f at θ_t, on a fresh minibatch
///       optimizer.step(trajectory.gradient(), trajectory.theta());
///     }
///
/// Training evaluates in the same way, but records the steps on the outer tape (`unroll` in optim/meta/meta_train.cpp).
class Trajectory {
 public:
  /// `threads`: for the evaluations, see Tape::set_threads.
  explicit Trajectory(int threads = 1) { evaluation_.set_threads(threads); }

  /// Draws a function of the family, and its starting point.
  void start(const Family& family, Rng& rng, Split split) {
    f_ = family(rng, split);
    theta_.resize(f_->layout().size());
    f_->init(rng, theta_);
  }
  /// f(θ), per function, on a fresh minibatch; `gradient` is ∇f there.
  double evaluate(Rng& rng) {
    f_->next_batch(rng);
    return evaluation_(*f_, theta_);
  }

  Function& function() const { return *f_; }
  const Layout& layout() const { return f_->layout(); }
  std::span<Real> theta() { return theta_; }
  std::span<const Real> theta() const { return theta_; }
  /// Of the last evaluation.
  double loss() const { return evaluation_.loss(); }
  std::span<const Real> gradient() const { return evaluation_.gradient(); }
  const Evaluation& evaluation() const { return evaluation_; }
  /// Memory that it holds, the function apart.
  std::size_t bytes() const { return evaluation_.bytes() + theta_.capacity() * sizeof(Real); }

 private:
  std::unique_ptr<Function> f_;
  std::vector<Real> theta_;
  Evaluation evaluation_;
};

}  // namespace l2l
