#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
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

/// What a `Scripted` optimizee is asked, and what it answers. Its copies share one, so it is for one thread.
struct Script {
  Index functions = 1;
  double blind_loss = std::numeric_limits<double>::infinity();
  std::vector<double> validation_offsets;  // added to the loss of validation functions in the order of their samples
  int training_losses = std::numeric_limits<int>::max();  // how many are numbers; those after them are NaN
  std::vector<Split> samples;  // log
};

/// f(θ) = ½ Σ_k a_k (θ_k - 1)² with a = 1, 2, 3, 4 from θ_0 = 0: always the same function, but for what the script
/// says.
class Scripted : public Optimizee {
 public:
  explicit Scripted(std::shared_ptr<Script> script = std::make_shared<Script>()) : script_(std::move(script)) {
    layout_.add("theta", {4});
  }
  const Layout& layout() const override { return layout_; }
  void sample(Rng&, Split split) override {
    script_->samples.push_back(split);
    split_ = split;
    offset_ = 0;
    if (split == Split::validation && !script_->validation_offsets.empty()) {
      offset_ = script_->validation_offsets.front();
      script_->validation_offsets.erase(script_->validation_offsets.begin());
    }
  }
  void init(Rng&, std::span<Real> theta) const override { std::fill(theta.begin(), theta.end(), Real(0)); }
  Var loss(Tape& tape, Var theta) override {
    const std::vector<Real> a = {1, 2, 3, 4};
    const Var f = Real(0.5) * sum(tape.constant(theta.shape, a) * square(theta - Real(1))) + static_cast<Real>(offset_);
    const bool broken = split_ == Split::train && --script_->training_losses < 0;
    return broken ? f * std::numeric_limits<Real>::quiet_NaN() : f;
  }
  Index functions() const override { return script_->functions; }
  double blind_loss() const override { return script_->blind_loss; }

 private:
  Layout layout_;
  std::shared_ptr<Script> script_;
  Split split_ = Split::train;
  double offset_ = 0;
};

inline OptimizeeFactory scripted(std::shared_ptr<Script> script) {
  return [script] { return std::make_unique<Scripted>(script); };
}
inline OptimizeeFactory scripted(const Script& script = {}) { return scripted(std::make_shared<Script>(script)); }

}  // namespace l2l::testing
