#pragma once
#include <span>
#include <vector>

#include "optim/learned/coordinate_model.h"
#include "optim/learned/fast/block.h"

namespace l2l {

/// What comes after the last layer, on one block: the output layer o = v h + b, and the proposal.
class OutputKernel {
 public:
  explicit OutputKernel(const CoordinateModel& model);
  void set_weights(std::span<const Real> phi);
  /// features x: [F][kBlock], h: [H][kBlock] → update: [kBlock]
  void operator()(const Real* x, const Real* h, Real* update) const;
  /// From lambda: [kBlock], the gradient of the update: adds that of h to dh, and ∂L/∂φ to dphi.
  void backward(const Real* x, const Real* h, const Real* lambda, Real* dh, Real* dphi) const;

 private:
  static constexpr Index kMaxOutputs = 2;
  /// The factor that set_weights has put into w_ and b_.
  Real factor() const { return static_cast<Real>(proposal_.kind == Proposal::Kind::scaled ? proposal_.scale : 1); }
  void outputs(const Real* h, Real* o) const;
  void output_gradients(const Real* x, const Real* h, const Real* lambda, Real* d) const;

  /// (1+t)^-p of an anchored proposal: t is the same for all coordinates.
  Real decay(const Real* x) const;

  Index H_;
  Proposal proposal_;
  Index direction_, clock_;  // which features an anchored proposal takes
  Parameter weight_, bias_;
  std::vector<Real> w_;  // [O][H]: the output weight v, of a scaled proposal times its scale
  std::vector<Real> b_;  // [O]: the output bias, likewise
};

}  // namespace l2l
