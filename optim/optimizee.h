#pragma once
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "autodiff/gradcheck.h"
#include "autodiff/tape.h"
#include "nn/layout.h"
#include "nn/random.h"

namespace l2l {

/// Which functions of a family: to train an optimizer on, to choose between optimizers, to report.
enum class Split { train, validation, test };

/// A family of functions f(θ) to be minimised. An object is one member at a time: `sample` draws a member,
/// `next_batch` the data that the next evaluations see (for members that are noisy), `loss` evaluates it.
class Optimizee {
 public:
  virtual ~Optimizee() = default;

  /// How θ is made up. In a family whose members differ in it (optimizees/ensemble.h) it changes with `sample`.
  virtual const Layout& layout() const = 0;
  /// Draws a function from the family.
  virtual void sample(Rng& rng, Split split) = 0;
  /// A starting point θ_0 for it.
  virtual void init(Rng& rng, std::span<Real> theta) const = 0;
  /// Draws the minibatch for the next evaluation. Nothing to do for a function without noise.
  virtual void next_batch(Rng& /*rng*/) {}
  /// f(θ), a scalar on `tape`. theta: [layout().size()]
  virtual Var loss(Tape& tape, Var theta) = 0;
  /// How many independent functions one member is the sum of; losses are reported per function.
  virtual Index functions() const { return 1; }
  /// The loss of the best answer that ignores the data, e.g. ln C for C classes; infinite if there is no such thing. An
  /// optimizer that learns to do nothing useful often ends there.
  virtual double blind_loss() const { return std::numeric_limits<double>::infinity(); }
};

/// Makes independent copies of an optimizee, one per thread; whatever is large (a data set) they share. Several threads
/// may call it at once.
using OptimizeeFactory = std::function<std::unique_ptr<Optimizee>()>;

/// f(θ) and ∇f(θ) on a tape that is reused from step to step.
class Gradient {
 public:
  /// Returns f(θ); the gradient is in `values()` until the next call.
  Real operator()(Optimizee& f, std::span<const Real> theta);
  std::span<const Real> values() const { return gradient_; }
  /// See Tape::set_threads; 1 at first.
  void set_threads(int threads) { tape_.set_threads(threads); }
  /// Memory that it holds.
  std::size_t bytes() const { return tape_.bytes_held() + gradient_.capacity() * sizeof(Real); }

 private:
  Tape tape_;
  std::vector<Real> gradient_;
};

/// Checks an optimizee's gradient at a random member and starting point (see autodiff/gradcheck.h).
GradientCheck gradcheck(Optimizee& f, Rng& rng, const GradientCheckOptions& options = {});

}  // namespace l2l
