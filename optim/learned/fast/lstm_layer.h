#pragma once
#include <span>
#include <vector>

#include "nn/lstm.h"
#include "optim/learned/fast/block.h"

namespace l2l {

/// A layer of the LSTM (nn/lstm.h) on one block of coordinates, to be used like a `DenseLayer` (read that first). Its
/// state is h, then c: [2][H][kBlock]. Gates are interleaved by unit (i, f, g, o of unit j together): the four are the
/// rows of one tile of the product, and the cell's nonlinearities follow while they are in cache.
class LstmLayer {
 public:
  /// Without `input_gradients` dx must be null.
  LstmLayer(const Lstm::Layer& layer, bool input_gradients);
  void set_weights(std::span<const Real> phi);
  Index state_rows() const { return 2 * H_; }
  Index activation_rows() const { return 5 * H_; }
  void step(const Real* x, const Real* state, Real* next, Real* activations) const;
  void backward(const Real* state, const Real* next, Real* activations, Real* d, Real* dx) const;
  void weight_gradients(BlockSequence x, BlockSequence state, BlockSequence activations, Index T, Real* dphi) const;

 private:
  Parameter weight_ih_, weight_hh_, bias_parameter_;
  Index in_, H_;
  Index skipped_;  // inputs without a gradient
  std::vector<Real> forward_;  // [H][in + H][4]: for a unit j and an input k the weights of i, f, g, o
  std::vector<Real> bias_;  // [H][4]
  std::vector<Real> backward_;  // [rows / 4][4H][4]: the transpose, for the gradients of four inputs at a time
};

}  // namespace l2l
