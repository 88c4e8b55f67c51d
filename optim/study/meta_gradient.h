#pragma once
#include <functional>
#include <span>
#include <vector>

#include "nn/random.h"
#include "optim/learned/learned_optimizer.h"
#include "optim/trajectory.h"

namespace l2l {

/// How well a gradient agrees with the true one.
struct Agreement {
  double cosine = 0;  // ⟨a, c⟩ / ‖a‖ ‖c‖; NaN if one of them is zero
  double relative_error = 0;  // ‖a - c‖ / ‖c‖
};
Agreement agreement(std::span<const Real> a, std::span<const Real> c);

/// One trajectory of a learned optimizer (an LSTM, or one for each group of θ), and gradients of L(φ) = Σ_t f(θ_t),
/// t = 0 … steps, along it. Training takes two shortcuts: it treats ∇_t as a constant, and backpropagates through an
/// unroll at a time. `truncated` takes both, `full` none; every evaluation of a step meets the minibatch that the
/// trajectory met there.
class MetaGradient {
 public:
  /// An Error if a part of the optimizer is a fixed rule, or has features with a memory: how its updates respond to the
  /// gradients is not recorded.
  static void check(const OptimizerModel& model);

  /// Follows the trajectory on a function of the training split. An Error as from `check`, or that tells at which step
  /// it diverges.
  MetaGradient(const LearnedOptimizer& learned, const Family& family, int steps, const Rng& rng, int threads = 1);

  int steps() const { return static_cast<int>(losses_.size()) - 1; }
  /// f(θ_0) … f(θ_steps), per function.
  const std::vector<double>& losses() const { return losses_; }

  /// As in training, with φ held fixed: the sum over unrolls of `unroll` steps (which divides `steps`) of their
  /// gradients, where the ∇_t, and θ and the LSTMs' states at the start of an unroll, are constants. `discount`: γ, see
  /// Losses in optim/meta/objective.h.
  std::vector<Real> truncated(int unroll, double discount = 1) const;

  /// The derivative of L as it is: ∇_t responds to θ_t. Where the adjoint v of ∇_t becomes one of θ_t, it is multiplied
  /// by the Hessian of f on that step's minibatch, by central differences of the gradient along v:
  ///     H v ≈ (∇f(θ + ε v/‖v‖) - ∇f(θ - ε v/‖v‖)) ‖v‖ / 2ε
  /// Good to seven digits and more in the double library; float has too few for such differences. Memory grows with the
  /// root of `steps` (with 2 x 20 units some 60 kB for each coordinate at 100 steps), since states are kept only now
  /// and then and the steps between are run again. `progress` is told how many steps of the way back are done (on the
  /// way there, 0 after each); what it throws ends the work.
  std::vector<Real> full(const std::function<void(int steps)>& progress = {}) const;

 private:
  void add_hessian_product(int step, std::span<const Real> theta, std::span<const Real> v, Real* result) const;
  Var responding_gradient(Var theta, int step) const;

  LearnedOptimizer learned_;
  Trajectory trajectory_;
  int threads_;
  std::vector<Rng::State> random_;  // before the minibatch of each step was drawn
  std::vector<std::vector<Real>> theta_, gradient_;  // at each step
  std::vector<double> losses_;
};

}  // namespace l2l
