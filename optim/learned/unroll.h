#pragma once
#include <memory>

#include "autodiff/tape.h"
#include "optim/learned/learned_optimizer.h"

namespace l2l {

/// Records a learned optimizer's updates on an outer tape, one unroll after another along a trajectory. Training needs
/// that: it minimises Σ_t f(θ_t) as a function of φ (optim/meta), so θ_1, θ_2, … have to be on a tape with φ. The
/// gradients that it is given are constants ("no second derivatives"), so the only way from an update back to φ is
/// through the optimizer. Its state is carried over from one unroll to the next, as a value: backpropagation is
/// truncated there.
class UnrollRecorder {
 public:
  virtual ~UnrollRecorder() = default;
  /// A new trajectory, of a θ of this layout: zero state.
  virtual void reset(const Layout& layout) = 0;
  /// A new unroll on the tape of phi: [model.layout().size()]. The recorder must outlive the backward pass of that
  /// tape, and must not be opened or reset again before it.
  virtual void open(Var phi) = 0;
  /// θ_{t+1} = θ_t + u_t, with u_t from ∇_t.
  virtual Var step(Var theta, std::span<const Real> gradient) = 0;
  /// Memory that it holds beside the tape.
  virtual std::size_t bytes() const = 0;
};

/// The model step by step in elementary ops: the plain version, to be read first.
std::unique_ptr<UnrollRecorder> make_composed_recorder(const CoordinateModel& model);

}  // namespace l2l
