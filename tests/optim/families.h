#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "autodiff/ops.h"
#include "optim/function.h"

namespace l2l::testing {

/// f(θ) = ½ Σ_k a_k (θ_k - b_k)²: curvatures a between 0.5 and 1.5, minima b at random. Everything about it is known
/// by hand. With `noise`, every batch moves b a little.
class Bowl : public Function {
 public:
  Bowl(Rng& rng, Split split, Index n = 3, double noise = 0) : layout_(Layout::flat(n)), noise_(noise), a_(n), b_(n) {
    rng.fill_uniform(a_, 0.5, 1.5);
    rng.fill_normal(b_, split == Split::test ? 1 : 0, 1);
    b_now_ = b_;
  }

  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, 1); }
  void next_batch(Rng& rng) override {
    for (std::size_t k = 0; k < b_.size(); ++k) b_now_[k] = static_cast<Real>(b_[k] + noise_ * rng.normal());
  }
  Var loss(Tape& tape, Var theta) override {
    const Var a = tape.constant(theta.shape, a_), b = tape.constant(theta.shape, b_now_);
    return Real(0.5) * sum(a * square(theta - b));
  }

 protected:
  Layout layout_;

 private:
  double noise_;
  std::vector<Real> a_, b_, b_now_;
};
inline Family bowls(Index n = 3, double noise = 0) {
  return Family([=](Rng& rng, Split split) { return std::make_unique<Bowl>(rng, split, n, noise); });
}

/// A family of one function, which is the same every time.
template <class F>
Family always() {
  return Family([](Rng&, Split) { return std::make_unique<F>(); });
}

/// A loss that turns NaN once θ has moved by more than 1 from its start at 0.
class Cliff : public Function {
 public:
  const Layout& layout() const override { return layout_; }
  void init(Rng&, std::span<Real> theta) const override { theta[0] = 0; }
  Var loss(Tape&, Var theta) override { return sum(log(Real(1) - theta * theta) - theta); }

 private:
  Layout layout_ = Layout::flat(1);
};

/// What `Scripted` functions are asked, and what they answer. All share one, so it is for one thread.
struct Script {
  Index functions = 1;
  double chance_loss = std::numeric_limits<double>::infinity();
  std::vector<double> validation_offsets;  // added to the loss of validation functions in the order of their draws
  double training_offset = 0;  // added to the loss of training functions
  int training_losses = std::numeric_limits<int>::max();  // how many are numbers; those after them are NaN
  std::vector<Split> draws;  // log
};

/// f(θ) = ½ Σ_k a_k (θ_k - 1)² with a = 1, 2, 3, 4 from θ_0 = 0: always the same function, but for what the script
/// says.
class Scripted : public Function {
 public:
  Scripted(std::shared_ptr<Script> script, Split split) : script_(std::move(script)), split_(split) {
    script_->draws.push_back(split);
    if (split == Split::train) offset_ = script_->training_offset;
    if (split == Split::validation && !script_->validation_offsets.empty()) {
      offset_ = script_->validation_offsets.front();
      script_->validation_offsets.erase(script_->validation_offsets.begin());
    }
  }
  const Layout& layout() const override { return layout_; }
  void init(Rng&, std::span<Real> theta) const override { std::fill(theta.begin(), theta.end(), Real(0)); }
  Var loss(Tape& tape, Var theta) override {
    const std::vector<Real> a = {1, 2, 3, 4};
    const Var f = Real(0.5) * sum(tape.constant(theta.shape, a) * square(theta - Real(1))) + static_cast<Real>(offset_);
    const bool broken = split_ == Split::train && --script_->training_losses < 0;
    return broken ? f * std::numeric_limits<Real>::quiet_NaN() : f;
  }
  Index functions() const override { return script_->functions; }

 private:
  Layout layout_ = Layout::flat(4);
  std::shared_ptr<Script> script_;
  Split split_;
  double offset_ = 0;
};

inline Family scripted(std::shared_ptr<Script> script) {
  return Family([script](Rng&, Split split) { return std::make_unique<Scripted>(script, split); }, script->chance_loss);
}
inline Family scripted(const Script& script = {}) { return scripted(std::make_shared<Script>(script)); }

}  // namespace l2l::testing
