#include "optim/learned/fast/output_kernel.h"

#include <algorithm>
#include <cmath>

#include "optim/learned/fast/tiles.h"

namespace l2l {

using simd::broadcast;
using simd::horizontal_sum;
using simd::kLanes;
using simd::load;
using simd::store;
using simd::Vec;

OutputKernel::OutputKernel(const CoordinateModel& model)
    : H_(model.config().hidden),
      proposal_(model.proposal()),
      direction_(model.config().preprocess.direction()),
      clock_(model.config().preprocess.clock()),
      weight_(model.output_weight()),
      bias_(model.output_bias()),
      w_(proposal_.outputs() * H_),
      b_(proposal_.outputs()) {}

void OutputKernel::set_weights(std::span<const Real> phi) {
  const std::span<const Real> w = weight_.in(phi), b = bias_.in(phi);
  std::ranges::transform(w, w_.begin(), [=, this](Real x) { return factor() * x; });
  std::ranges::transform(b, b_.begin(), [=, this](Real x) { return factor() * x; });
}

// ---- Forward --------------------------------------------------------------------------------------------------

/// o = w_ h + b_: [O][kBlock]
void OutputKernel::outputs(const Real* h, Real* o) const {
  for (std::size_t r = 0; r < b_.size(); ++r) {
    const Real* w = w_.data() + r * H_;
    for (Index column = 0; column < kBlock; column += kLanes) {
      Vec sum = broadcast(b_[r]);
      for (Index j = 0; j < H_; ++j) sum += w[j] * load(h + j * kBlock + column);
      store(o + r * kBlock + column, sum);
    }
  }
}

namespace {
/// The factor e^{s(a)} of an anchored proposal, s(a) = 3 tanh(a/3), and tanh(a/3).
struct Anchor {
  Vec factor, squashed;
  explicit Anchor(Vec a) : squashed(simd::tanh(a / Real(3))) { factor = simd::exp(Real(3) * squashed); }
};
}  // namespace

Real OutputKernel::decay(const Real* x) const {
  return proposal_.decay > 0 ? std::exp(proposal_.clock_exponent() * x[clock_ * kBlock]) : 1;
}

void OutputKernel::operator()(const Real* x, const Real* h, Real* update) const {
  alignas(64) Real o[kMaxOutputs * kBlock];
  outputs(h, o);
  const Real c = static_cast<Real>(proposal_.scale);
  switch (proposal_.kind) {
    case Proposal::Kind::scaled: std::copy_n(o, kBlock, update); break;
    case Proposal::Kind::squashed:
      for (Index k = 0; k < kBlock; k += kLanes) store(update + k, c * simd::tanh(load(o + k)));
      break;
    case Proposal::Kind::anchored:
      const Real factor = decay(x), eta = factor * static_cast<Real>(proposal_.rate);
      for (Index k = 0; k < kBlock; k += kLanes) {
        const Vec d = load(x + direction_ * kBlock + k);
        store(update + k, -eta * Anchor(load(o + k)).factor * d - factor * c * simd::tanh(load(o + kBlock + k)));
      }
  }
}

// ---- Backward -------------------------------------------------------------------------------------------------

/// d: [O][kBlock], the gradient of w_ h + b_
void OutputKernel::output_gradients(const Real* x, const Real* h, const Real* lambda, Real* d) const {
  if (proposal_.kind == Proposal::Kind::scaled) {
    std::copy_n(lambda, kBlock, d);
    return;
  }
  const Real c = static_cast<Real>(proposal_.scale);
  alignas(64) Real o[kMaxOutputs * kBlock];
  outputs(h, o);
  const bool anchored = proposal_.kind == Proposal::Kind::anchored;
  const Index squashed = anchored ? kBlock : 0;  // the row under c tanh
  const Real factor = anchored ? decay(x) : 1, eta = factor * static_cast<Real>(proposal_.rate);
  const Real scale = anchored ? -factor * c : c;
  for (Index k = 0; k < kBlock; k += kLanes) {
    const Vec du = load(lambda + k), t = simd::tanh(load(o + squashed + k));
    store(d + squashed + k, scale * du * (Real(1) - t * t));
    if (!anchored) continue;
    const Anchor a(load(o + k));  // ds/da = 1 - tanh²(a/3)
    store(d + k, -eta * du * a.factor * load(x + direction_ * kBlock + k) * (Real(1) - a.squashed * a.squashed));
  }
}

void OutputKernel::backward(const Real* x, const Real* h, const Real* lambda, Real* dh, Real* dphi) const {
  alignas(64) Real d_o[kMaxOutputs * kBlock];
  output_gradients(x, h, lambda, d_o);
  Real* d_weight = dphi + weight_.offset;
  for (Index r = 0; r < proposal_.outputs(); ++r) {
    const Real* const d_row = d_o + r * kBlock;
    for (Index j = 0; j < H_; ++j) {
      Vec sum = {};
      for (Index at = j * kBlock, column = 0; column < kBlock; column += kLanes) {
        const Vec d = load(d_row + column);
        Real* target = dh + at + column;
        store(target, load(target) + w_[r * H_ + j] * d);
        sum += d * load(h + at + column);
      }
      d_weight[r * H_ + j] += factor() * horizontal_sum(sum);
    }
    dphi[bias_.offset + r] += factor() * tiles::sum_over({d_row, 0}, 1);
  }
}

}  // namespace l2l
