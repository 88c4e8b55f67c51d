#include "optim/learned/fast/lstm_layer.h"

#include <algorithm>

#include "optim/learned/fast/tiles.h"

namespace l2l {

using namespace tiles;
using simd::load;
using simd::store;

LstmLayer::LstmLayer(const Lstm::Layer& layer, bool input_gradients)
    : weight_ih_(layer.weight_ih),
      weight_hh_(layer.weight_hh),
      bias_parameter_(layer.bias),
      in_(layer.weight_ih.shape[1]),
      H_(layer.weight_hh.shape[1]),
      skipped_(input_gradients ? 0 : in_),
      forward_(H_ * (in_ + H_) * 4),
      bias_(H_ * 4),
      backward_((in_ + H_ - skipped_ + 3) / 4 * 4 * 4 * H_) {}

void LstmLayer::set_weights(std::span<const Real> phi) {
  const std::span<const Real> ih = weight_ih_.in(phi), hh = weight_hh_.in(phi), bias = bias_parameter_.in(phi);
  const Index K = in_ + H_;
  for (Index j = 0; j < H_; ++j) {
    for (Index gate = 0; gate < 4; ++gate) {
      const Index row = gate * H_ + j;
      bias_[j * 4 + gate] = bias[row];
      for (Index k = 0; k < K; ++k) {
        const Real w = k < in_ ? ih[row * in_ + k] : hh[row * H_ + k - in_];
        forward_[(j * K + k) * 4 + gate] = w;
        const Index r = k - skipped_;
        if (r >= 0) backward_[(r / 4 * 4 * H_ + j * 4 + gate) * 4 + r % 4] = w;
      }
    }
  }
}

// activations: i, f, g, o of each unit, [H][4][kBlock], then tanh c', [H][kBlock]
void LstmLayer::step(const Real* x, const Real* state, Real* next, Real* activations) const {
  const Index K = in_ + H_, n = H_ * kBlock;
  const Real *h = state, *c = state + n;
  Real *h_next = next, *c_next = next + n;
  alignas(64) Rows gates;
  for (Index j = 0; j < H_; ++j) {
    multiply(bias_.data() + j * 4, forward_.data() + j * K * 4, x, in_, h, H_, gates);
    Real* a = activations ? activations + j * 4 * kBlock : nullptr;
    for (Index column = 0; column < kBlock; column += kLanes) {
      const Index at = j * kBlock + column;
      const Vec i = simd::sigmoid(load(gates[0] + column)), f = simd::sigmoid(load(gates[1] + column));
      const Vec g = simd::tanh(load(gates[2] + column)), o = simd::sigmoid(load(gates[3] + column));
      store(c_next + at, f * load(c + at) + i * g);
      store(gates[3] + column, o);
      if (a == nullptr) continue;
      store(a + column, i);
      store(a + kBlock + column, f);
      store(a + 2 * kBlock + column, g);
      store(a + 3 * kBlock + column, o);
    }
    // A loop of its own: tanh waits for c', and many independent ones hide that.
    for (Index column = 0; column < kBlock; column += kLanes) {
      const Index at = j * kBlock + column;
      const Vec tanh_c = simd::tanh(load(c_next + at));
      store(h_next + at, load(gates[3] + column) * tanh_c);
      if (a) store(activations + 4 * n + at, tanh_c);
    }
  }
}

// The gates in `activations` are replaced by the gradients of their pre-activations.
void LstmLayer::backward(const Real* state, const Real*, Real* activations, Real* d, Real* dx) const {
  const Index n = H_ * kBlock;
  const Real* c = state + n;
  Real *dh = d, *dc = d + n;
  for (Index j = 0; j < H_; ++j) {
    for (Index column = 0; column < kBlock; column += kLanes) {
      Real* a = activations + j * 4 * kBlock + column;
      const Index at = j * kBlock + column;
      const Vec i = load(a), f = load(a + kBlock), g = load(a + 2 * kBlock), o = load(a + 3 * kBlock);
      const Vec tanh_c = load(activations + 4 * n + at);
      const Vec dh_j = load(dh + at);
      const Vec dc_j = load(dc + at) + dh_j * o * (Real(1) - tanh_c * tanh_c);
      store(a, dc_j * g * i * (Real(1) - i));
      store(a + kBlock, dc_j * load(c + at) * f * (Real(1) - f));
      store(a + 2 * kBlock, dc_j * i * (Real(1) - g * g));
      store(a + 3 * kBlock, dh_j * tanh_c * o * (Real(1) - o));
      store(dc + at, dc_j * f);
    }
  }
  const Index inputs = in_ - skipped_, rows = inputs + H_;
  static constexpr Real kZero[4] = {};
  alignas(64) Rows sums;
  for (Index first = 0; first < rows; first += 4) {
    multiply(kZero, backward_.data() + first * 4 * H_, activations, 4 * H_, activations, 0, sums);
    for (Index r = first; r < std::min(first + 4, rows); ++r) {
      Real* target = r < inputs ? dx + r * kBlock : dh + (r - inputs) * kBlock;
      for (Index column = 0; column < kBlock; column += kLanes) {
        const Vec old = r < inputs ? load(target + column) : Vec{};
        store(target + column, old + load(sums[r - first] + column));
      }
    }
  }
}

void LstmLayer::weight_gradients(BlockSequence x, BlockSequence state, BlockSequence activations, Index T,
                                 Real* dphi) const {
  Real* d_ih = dphi + weight_ih_.offset;
  Real* d_hh = dphi + weight_hh_.offset;
  Real* d_bias = dphi + bias_parameter_.offset;
  for (Index j = 0; j < H_; ++j) {
    const BlockSequence g{activations.rows + j * 4 * kBlock, activations.step};
    // Row `gate` of the four goes to row gate * H + j of the parameter.
    outer_products<4>(g, x, in_, T, d_ih + j * in_, H_ * in_);
    outer_products<4>(g, state, H_, T, d_hh + j * H_, H_ * H_);
    for (Index gate = 0; gate < 4; ++gate) d_bias[gate * H_ + j] += sum_over({g.rows + gate * kBlock, g.step}, T);
  }
}

}  // namespace l2l
