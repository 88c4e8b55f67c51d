#pragma once
#include "autodiff/ops.h"
#include "nn/random.h"
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
  std::vector<std::vector<Real>> minima() const override { return f_->minima(); }

 private:
  std::unique_ptr<Function> f_;
  double factor_;
};

/// The functions of another family, each times `factor`.
inline Family scaled(const Family& family, double factor) {
  const auto draw = [=](Rng& rng, Split split) { return std::make_unique<Scaled>(family(rng, split), factor); };
  return Family(draw, factor * family.chance_loss());
}

/// How coordinates are scaled at random: each by a factor of its own, or those of a parameter by the same.
struct RandomScale {
  static constexpr double kMaxRange = 20;  // e^20: beyond that single precision has no room for gradients

  enum class Per { coordinate, parameter };
  Per per = Per::coordinate;
  double range = 0;  // r: factors are e^U(-r, r); 0: none

  bool operator==(const RandomScale&) const = default;
};

/// f(c ⊙ θ), begun at θ_0 / c, with factors c that are drawn with the function: the same problem in other units of θ,
/// in which every coordinate has another best rate (Lv et al. 2017, section 4.1). Its gradient is c ⊙ ∇f.
class RandomlyScaled : public Function {
 public:
  RandomlyScaled(std::unique_ptr<Function> f, const RandomScale& scale, Rng& rng);

  const Layout& layout() const override { return f_->layout(); }
  void init(Rng& rng, std::span<Real> theta) const override;
  void next_batch(Rng& rng) override { f_->next_batch(rng); }
  Var loss(Tape& tape, Var theta) override { return f_->loss(tape, theta * tape.constant(theta.shape, factors_)); }
  Index functions() const override { return f_->functions(); }

 private:
  std::unique_ptr<Function> f_;
  std::vector<Real> factors_;  // c
};

/// A family whose training functions are scaled at random. Those to validate and to test with stay as they are.
Family randomly_scaled(const Family& family, const RandomScale& scale);

}  // namespace l2l
