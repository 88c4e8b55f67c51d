#pragma once
#include <string>
#include <vector>

#include "autodiff/ops.h"
#include "nn/layout.h"
#include "nn/random.h"

namespace l2l {

/// Fully connected layers, h = elu(W x + b) each, for arrays [features, N] with one column per element of the batch, as
/// in `Lstm`. (`Mlp` has rows, as images come, and no activation after its last layer.)
///
/// Layer k has `name.weight_lk` [H, in] and `name.bias_lk` [H]. Without layers it is the identity.
class Perceptron {
 public:
  Perceptron(Layout& layout, const std::string& name, Index in, Index hidden, int layers);

  /// x [in, N] → [H, N]
  Var operator()(Var theta, Var x) const;
  /// W and b uniform on ±1/√in (PyTorch's default).
  void init(Rng& rng, std::span<Real> theta) const;

  struct Layer {
    Parameter weight, bias;
  };
  const std::vector<Layer>& layers() const { return layers_; }

 private:
  std::vector<Layer> layers_;
};

}  // namespace l2l
