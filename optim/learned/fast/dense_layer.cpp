#include "optim/learned/fast/dense_layer.h"

#include <algorithm>

#include "optim/learned/fast/tiles.h"

namespace l2l {

using namespace tiles;
using simd::load;
using simd::store;

namespace {
Index fours(Index n) { return (n + 3) / 4; }
}  // namespace

DenseLayer::DenseLayer(const Perceptron::Layer& layer, bool input_gradients)
    : weight_(layer.weight),
      bias_parameter_(layer.bias),
      in_(layer.weight.shape[1]),
      H_(layer.weight.shape[0]),
      forward_(fours(H_) * in_ * 4),
      bias_(fours(H_) * 4),
      backward_(input_gradients ? fours(in_) * H_ * 4 : 0) {}

void DenseLayer::set_weights(std::span<const Real> phi) {
  const std::span<const Real> w = weight_.in(phi), b = bias_parameter_.in(phi);
  std::ranges::copy(b, bias_.begin());
  for (Index j = 0; j < H_; ++j) {
    for (Index k = 0; k < in_; ++k) {
      forward_[(j / 4 * in_ + k) * 4 + j % 4] = w[j * in_ + k];
      if (!backward_.empty()) backward_[(k / 4 * H_ + j) * 4 + k % 4] = w[j * in_ + k];
    }
  }
}

void DenseLayer::step(const Real* x, const Real*, Real* next, Real*) const {
  alignas(64) Rows sums;
  for (Index first = 0; first < H_; first += 4) {
    multiply(bias_.data() + first, forward_.data() + first * in_, x, in_, x, 0, sums);
    for (Index j = first; j < std::min(first + 4, H_); ++j) {
      for (Index column = 0; column < kBlock; column += kLanes) {
        const Vec z = load(sums[j - first] + column);
        store(next + j * kBlock + column, z > Real(0) ? z : simd::exp(simd::at_most(z, 0)) - Real(1));
      }
    }
  }
}

void DenseLayer::backward(const Real*, const Real* next, Real* activations, Real* d, Real* dx) const {
  for (Index at = 0; at < H_ * kBlock; at += kLanes) {
    const Vec y = load(next + at);  // elu'(z) = 1 for z > 0, otherwise e^z = y + 1
    store(activations + at, load(d + at) * (y > Real(0) ? simd::broadcast(1) : y + Real(1)));
    store(d + at, Vec{});
  }
  if (dx == nullptr) return;
  static constexpr Real kZero[4] = {};
  alignas(64) Rows sums;
  for (Index first = 0; first < in_; first += 4) {
    multiply(kZero, backward_.data() + first * H_, activations, H_, activations, 0, sums);
    for (Index k = first; k < std::min(first + 4, in_); ++k) {
      for (Index column = 0; column < kBlock; column += kLanes) {
        Real* target = dx + k * kBlock + column;
        store(target, load(target) + load(sums[k - first] + column));
      }
    }
  }
}

void DenseLayer::weight_gradients(BlockSequence x, BlockSequence, BlockSequence activations, Index T,
                                  Real* dphi) const {
  Real *d_weight = dphi + weight_.offset, *d_bias = dphi + bias_parameter_.offset;
  const auto row = [&](Index j) { return BlockSequence{activations.rows + j * kBlock, activations.step}; };
  Index j = 0;
  for (; j + 4 <= H_; j += 4) outer_products<4>(row(j), x, in_, T, d_weight + j * in_, in_);
  for (; j < H_; ++j) outer_products<1>(row(j), x, in_, T, d_weight + j * in_, in_);
  for (Index k = 0; k < H_; ++k) d_bias[k] += sum_over(row(k), T);
}

}  // namespace l2l
