#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "optim/optimizer.h"
#include "optim/orthogonalize.h"
#include "optim/schedule.h"

/// The hand-designed optimizers that a learned one is compared with, with the default settings of Torch7 in May 2016,
/// which the paper used. The formulas are those of the papers cited and of PyTorch; Torch7's differed in two places
/// (its momentum damped g by 1-μ unless told otherwise, its ADAM added ε before correcting v's bias). g is the
/// gradient, η the learning rate.
namespace l2l {

/// θ ← θ - η g
class Sgd : public Optimizer {
 public:
  explicit Sgd(double learning_rate) : learning_rate_(learning_rate) {}
  void reset(const Layout& layout) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<Sgd>(*this); }

 private:
  double learning_rate_;
};

/// Heavy ball (Polyak 1964):  v ← μ v + g,  θ ← θ - η v
class Momentum : public Optimizer {
 public:
  explicit Momentum(double learning_rate, double mu = 0.9) : learning_rate_(learning_rate), mu_(mu) {}
  void reset(const Layout& layout) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<Momentum>(*this); }

 private:
  double learning_rate_, mu_;
  std::vector<Real> v_;
};

/// Nesterov's accelerated gradient in the form of Sutskever et al. 2013 as rewritten by Torch7 and PyTorch, where θ
/// is the point at which the gradient is taken:  v ← μ v + g,  θ ← θ - η (g + μ v)
class Nag : public Optimizer {
 public:
  explicit Nag(double learning_rate, double mu = 0.9) : learning_rate_(learning_rate), mu_(mu) {}
  void reset(const Layout& layout) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<Nag>(*this); }

 private:
  double learning_rate_, mu_;
  std::vector<Real> v_;
};

/// Tieleman & Hinton 2012:  s ← α s + (1-α) g²,  θ ← θ - η g / (√s + ε),  s_0 = 0
class RmsProp : public Optimizer {
 public:
  explicit RmsProp(double learning_rate, double alpha = 0.99, double epsilon = 1e-8)
      : learning_rate_(learning_rate), alpha_(alpha), epsilon_(epsilon) {}
  void reset(const Layout& layout) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<RmsProp>(*this); }

 private:
  double learning_rate_, alpha_, epsilon_;
  std::vector<Real> s_;
};

/// Kingma & Ba 2015, algorithm 1:
///     m ← β1 m + (1-β1) g      v ← β2 v + (1-β2) g²      θ ← θ - η m̂ / (√v̂ + ε),  m̂ = m / (1-β1^t), v̂ = v / (1-β2^t)
class Adam : public Optimizer {
 public:
  explicit Adam(double learning_rate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8)
      : learning_rate_(learning_rate), beta1_(beta1), beta2_(beta2), epsilon_(epsilon) {}
  void reset(const Layout& layout) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<Adam>(*this); }

  void set_learning_rate(double learning_rate) { learning_rate_ = learning_rate; }
  /// The moments and the number of steps taken, for checkpoints.
  struct State {
    std::vector<Real> m, v;
    Index steps = 0;
  };
  const State& state() const { return state_; }
  void set_state(State state) { state_ = std::move(state); }

 private:
  double learning_rate_, beta1_, beta2_, epsilon_;
  State state_;
};

/// Muon (Jordan et al. 2024): a linear map [R, C] takes a step along its orthogonalised Nesterov momentum (see
/// orthogonalize.h),
///     m ← β m + (1-β) g      θ ← θ - η O(β m + (1-β) g),  O(U S V^T) ≈ √max(R, C) U V^T
/// whose elements are of size 1 for any shape, so that one η serves all (Liu et al. 2025, "Muon is Scalable for LLM
/// Training", section 2.2, with another constant). All other parameters follow ADAM with the same η, β and β2 = 0.99.
/// β = 0.9, or grows: β_t = momentum_decay(t, growth); ADAM then divides m by 1 - Π β_t.
class Muon : public Optimizer {
 public:
  explicit Muon(double learning_rate, double growth = 0) : learning_rate_(learning_rate), growth_(growth) {}
  void reset(const Layout& layout) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<Muon>(*this); }

 private:
  double learning_rate_, growth_;
  MomentumDecay decay_{0};  // of the trajectory
  std::vector<Parameter> parameters_;
  std::vector<Real> m_, v_, direction_, scratch_;
};

/// One of the rules above by name, for tables and command lines.
struct Rule {
  std::string name;
  std::string summary;
  std::function<std::unique_ptr<Optimizer>(double learning_rate)> make;
};
/// sgd, momentum, nag, rmsprop, adam, muon, muon-growing
const std::vector<Rule>& rules();
/// The rule with such a schedule over `steps` steps; its name ends with "-" and the schedule's. (The updates of all
/// rules above are proportional to the learning rate, so a schedule of the rate is a factor of the update.)
Rule with_schedule(const Rule& rule, Schedule schedule, int steps);
/// A UsageError that lists the names there are if none fits.
const Rule& find_rule(std::string_view name);

}  // namespace l2l
