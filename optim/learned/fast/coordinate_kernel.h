#pragma once
#include <span>
#include <variant>
#include <vector>

#include "optim/learned/fast/dense_layer.h"
#include "optim/learned/fast/lstm_layer.h"
#include "optim/learned/fast/output_kernel.h"

namespace l2l {

/// The model m on one block of coordinates: the kernel under `CoordinateOptimizer` and the fused unroll. It computes
/// what coordinate_model.h computes (read that first), arranged so that a block's whole step stays in the first-level
/// cache. Any number of layers, units and features; a block may have unused coordinates (zero gradient, zero λ).
class CoordinateKernel {
 public:
  explicit CoordinateKernel(const CoordinateModel& model);
  /// Rearranges the weights; phi: [model.layout().size()].
  void set_weights(std::span<const Real> phi);

  /// Reals in the state of a block, the layers' one after another, and in what backward needs of a step.
  Index state_size() const { return state_size_; }
  Index activation_size() const { return activation_size_; }
  Index features() const { return features_; }

  /// One step: features [F][kBlock] and state → next state and update [kBlock]. `activations` may be null.
  void step(const Real* x, const Real* state, Real* next, Real* activations, Real* update) const;

  /// What `backward` works on, for a block and an unroll of T steps; each array holds the steps one after another:
  struct Unroll {
    Index T;
    const Real* x;  // [T][F][kBlock]
    const Real* states;  // [T + 1][state_size], the first one given, the rest from `step`
    Real* activations;  // [T][activation_size] from `step`; overwritten by gradients
    const Real* lambda;  // [T][kBlock]: ∂L/∂u_t, which is λ_{t+1} in optim/meta/README.md
  };
  /// Backpropagation through time: adds ∂L/∂φ of this block to `dphi`, laid out like φ. scratch: [state_size()].
  void backward(const Unroll& unroll, Real* dphi, Real* scratch) const;

 private:
  struct Layer {
    std::variant<DenseLayer, LstmLayer> kernel;
    Index state, activations;  // where its part of these begins
  };
  template <class Kernel, class Description>
  void add(const std::vector<Description>& layers);

  Index features_, weights_;
  Index state_size_ = 0, activation_size_ = 0;
  std::vector<Layer> stack_;
  OutputKernel output_;
};

}  // namespace l2l
