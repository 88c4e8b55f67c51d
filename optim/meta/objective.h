#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "autodiff/tape.h"
#include "optim/meta/meta_config.h"
#include "optim/optimizer.h"
#include "optim/trajectory.h"

namespace l2l {

/// What an unroll of T steps makes small: a sum of terms, one for each θ_0 … θ_T.
class Objective {
 public:
  virtual ~Objective() = default;
  /// A new trajectory, of a θ of this layout. `rng`: for what is left to chance.
  virtual void reset(const Layout& /*layout*/, Rng& /*rng*/) {}
  /// θ_t as the next update is added to it: where a gradient on its way back can be changed. The trajectory is at θ_t.
  virtual Var before_step(Var theta, const Trajectory& at) = 0;
  /// The term of θ_t, with the trajectory there, evaluated.
  virtual Var term(int t, Var theta, const Trajectory& at) = 0;
  /// Of an imitation: Σ_t ‖u_t - u*_t‖² / ‖u*_t‖² since `reset`. Nothing if the trajectory imitates nobody.
  virtual std::optional<double> squared_error() const { return {}; }
  /// Memory that it holds beside the tape.
  virtual std::size_t bytes() const { return 0; }
};

/// Σ_t w_t f(θ_t), eq. 2 of the paper. Because the ∇_t are held constant,
///     ∂L/∂u_t = Σ_{s>t} γ^{s-t-1} w_s ∇_s
/// where the paper has γ = 1. What is left out is that u_t also changes all later gradients, and with them the updates
/// that follow. A discount γ < 1 gives later losses less weight (why: optim/meta/README.md, "A discount").
///
/// With `logarithm` it is Σ_t w_t log f(θ_t), so ∇_s counts as ∇_s / f_s: late losses, which are small, as much as
/// early ones.
class Losses : public Objective {
 public:
  /// `scale`: a factor of all terms.
  Losses(std::vector<double> weights, double discount, bool logarithm, double scale)
      : weights_(std::move(weights)), discount_(discount), logarithm_(logarithm), scale_(scale) {}
  Var before_step(Var theta, const Trajectory& at) override;
  Var term(int t, Var theta, const Trajectory& at) override;

 private:
  std::vector<double> weights_;  // w_t; empty: all 1
  double discount_;
  bool logarithm_;
  double scale_;
};

/// To do what a hand-designed rule would do (Chen et al. 2020, "Training Stronger Baselines for Learning to Optimize").
/// The rule sees the same gradients, along the trajectory that the learner itself makes (Ross, Gordon & Bagnell 2011).
/// Where it would take the step u*_t, the unroll makes
///     E = 1/T Σ_t ‖u_t - u*_t‖² / (2 ‖u*_t‖²)
/// small. What an update leads to later does not matter.
class Imitation : public Objective {
 public:
  /// `scale`: a factor of all terms, 1/T among them.
  Imitation(const FixedRule& rule, double scale) : rule_(rule.make()), scale_(scale) {}
  void reset(const Layout& layout, Rng& rng) override;
  Var before_step(Var theta, const Trajectory& at) override;
  Var term(int t, Var theta, const Trajectory& at) override;
  std::optional<double> squared_error() const override { return squared_error_; }
  std::size_t bytes() const override { return 3 * target_.capacity() * sizeof(Real); }

 private:
  std::unique_ptr<Optimizer> rule_;
  double scale_, squared_error_ = 0;
  std::vector<Real> start_, target_, difference_;  // θ_t, θ_t + u*_t, and what θ_{t+1} is off from that
};

/// Each trajectory has one of two objectives, by chance: the first with the probability `share`. With an imitation
/// first and losses second, a teacher shows now and then what pays only later, and may be surpassed (Chen et al. 2020
/// have a share of 0.1 to 0.3).
class Mixture : public Objective {
 public:
  Mixture(std::unique_ptr<Objective> first, double share, std::unique_ptr<Objective> second)
      : first_(std::move(first)), second_(std::move(second)), share_(share) {}
  void reset(const Layout& layout, Rng& rng) override;
  Var before_step(Var theta, const Trajectory& at) override { return now_->before_step(theta, at); }
  Var term(int t, Var theta, const Trajectory& at) override { return now_->term(t, theta, at); }
  std::optional<double> squared_error() const override { return now_->squared_error(); }
  std::size_t bytes() const override { return first_->bytes() + second_->bytes(); }

 private:
  std::unique_ptr<Objective> first_, second_;
  double share_;
  Objective* now_ = nullptr;  // one of them
};

/// The one that a configuration asks for.
std::unique_ptr<Objective> make_objective(const MetaTrainConfig& config);

}  // namespace l2l
