#pragma once
#include <span>
#include <vector>

#include "nn/perceptron.h"
#include "optim/learned/fast/block.h"

namespace l2l {

/// A fully connected layer, y = elu(W x + b) (nn/perceptron.h), on one block of coordinates. Arrays are [row][kBlock]:
/// a unit of all the block's coordinates side by side. It has no state: its output stands there for the layer above,
/// and the next step does not read it.
///
/// Backward comes in two parts, since the weights' gradients are sums over all steps: `backward` goes through one step
/// and leaves the gradients of what the nonlinearities got in `activations`, `weight_gradients` then takes those of all
/// steps at once.
class DenseLayer {
 public:
  /// Without `input_gradients` dx must be null.
  DenseLayer(const Perceptron::Layer& layer, bool input_gradients);
  /// Rearranges the weights in φ.
  void set_weights(std::span<const Real> phi);
  /// Rows of its state, the first of which are its output, and of what backward needs of a step.
  Index state_rows() const { return H_; }
  Index activation_rows() const { return H_; }
  /// One step: its input x and state → the next state. `activations` may be null.
  void step(const Real* x, const Real* state, Real* next, Real* activations) const;
  /// In: d, the gradient of the next state. Out: d, that of the state; that of x is *added* to dx, which may be null.
  void backward(const Real* state, const Real* next, Real* activations, Real* d, Real* dx) const;
  /// Adds ∂L/∂φ of T steps to `dphi`, laid out like φ. Each array is that of the first step.
  void weight_gradients(BlockSequence x, BlockSequence state, BlockSequence activations, Index T, Real* dphi) const;

 private:
  Parameter weight_, bias_parameter_;
  Index in_, H_;
  std::vector<Real> forward_;  // [H / 4][in][4]: for four units and an input k their weights
  std::vector<Real> bias_;  // [H / 4][4]
  std::vector<Real> backward_;  // [in / 4][H][4]: the transpose, for the gradients of four inputs at a time
};

}  // namespace l2l
