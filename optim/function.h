#pragma once
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "autodiff/gradcheck.h"
#include "autodiff/tape.h"
#include "nn/layout.h"
#include "nn/random.h"

namespace l2l {

/// One function f(θ) to be minimised. If it is noisy, each evaluation is on the present minibatch.
class Function {
 public:
  virtual ~Function() = default;

  /// How θ is made up.
  virtual const Layout& layout() const = 0;
  /// Draws a starting point θ_0.
  virtual void init(Rng& rng, std::span<Real> theta) const = 0;
  /// Draws the minibatch for the next evaluations. Nothing to do for a function without noise.
  virtual void next_batch(Rng& /*rng*/) {}
  /// f(θ), a scalar on `tape`. theta: [layout().size()]
  virtual Var loss(Tape& tape, Var theta) = 0;
  /// How many independent functions it is the sum of. Losses are reported per function (see Evaluation); the gradient
  /// of each is then what it would be alone.
  virtual Index functions() const { return 1; }
  /// Where it has its lowest value, as far as that is known: points like θ. Of a noisy function, where its mean has.
  virtual std::vector<std::vector<Real>> minima() const { return {}; }
};

/// Which functions of a family: to train an optimizer on, to choose between optimizers, to report.
enum class Split { train, validation, test };

/// A family of functions: draws one. Several threads may draw at once; large data must be shared by the functions.
///
///     Family valleys([](Rng& rng, Split) { return std::make_unique<Valley>(rng.normal()); });
///     std::unique_ptr<Function> f = valleys(rng, Split::train);
class Family {
 public:
  using Draw = std::function<std::unique_ptr<Function>(Rng& rng, Split split)>;

  /// `chance_loss`: the loss, per function, of the best answer that ignores the data, e.g. ln C for C classes. An
  /// optimizer that learns to do nothing useful often ends there.
  Family(Draw draw, double chance_loss = std::numeric_limits<double>::infinity())
      : draw_(std::move(draw)), chance_loss_(chance_loss) {}
  template <class F>
  requires std::is_invocable_v<F, Rng&, Split> Family(F draw) : Family(Draw(std::move(draw))) {}  // a lambda is one

  std::unique_ptr<Function> operator()(Rng& rng, Split split) const { return draw_(rng, split); }
  double chance_loss() const { return chance_loss_; }
  /// Some function of the training split, the same every time: to ask what all have in common.
  std::unique_ptr<Function> example() const {
    Rng rng(0);
    return draw_(rng, Split::train);
  }

 private:
  Draw draw_;
  double chance_loss_;
};

/// Evaluates f(θ) and ∇f(θ), on a tape that is reused from step to step.
class Evaluation {
 public:
  /// Returns f(θ) per function; ∇f, of the sum of all, is in `gradient()` until the next call.
  double operator()(Function& f, std::span<const Real> theta);
  double loss() const { return loss_; }
  /// 1 / functions: what ∇f is to be multiplied by to be that of the loss per function.
  double per_function() const { return 1 / functions_; }
  std::span<const Real> gradient() const { return gradient_; }
  /// `weight` · f(θ), per function, on another tape, where ∇f is a constant.
  Var on_tape(Var theta, double weight = 1) const;
  /// ⟨∇f, x⟩ per function: what a small change x of θ does to the loss.
  double along(std::span<const Real> x) const;
  /// See Tape::set_threads; 1 at first.
  void set_threads(int threads) { tape_.set_threads(threads); }
  /// Memory that it holds.
  std::size_t bytes() const { return tape_.bytes_held() + gradient_.capacity() * sizeof(Real); }

 private:
  Tape tape_;
  std::vector<Real> gradient_;
  double loss_ = 0, functions_ = 1;
};

/// Checks the gradient of a function of the training split at a random starting point (see autodiff/gradcheck.h).
GradientCheck gradcheck(const Family& family, Rng& rng, const GradientCheckOptions& options = {});

}  // namespace l2l
