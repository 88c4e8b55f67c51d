#pragma once
#include <string>
#include <vector>

#include "autodiff/ops.h"
#include "nn/layout.h"
#include "nn/random.h"

namespace l2l {

/// A stack of LSTM layers, stepped by hand. Features lie in rows and the batch in columns, [features, N]: a gate of
/// all N members is then one contiguous run of memory, and cutting the gates apart costs nothing.
///
/// Layer k has `name.weight_ih_lk` [4H, in], `name.weight_hh_lk` [4H, H] and `name.bias_lk` [4H], gates in the order
/// i, f, g, o. As PyTorch's, but for its two biases, which only ever occur as their sum.
class Lstm {
 public:
  Lstm(Layout& layout, const std::string& name, Index in, Index hidden, int layers, const std::string& group = "");

  using State = std::vector<LstmState>;  // one per layer, each h and c: [H, N]

  State zero_state(Tape& tape, Index n) const;
  /// One step: x [in, N] → h of the last layer [H, N]; `state` is replaced by the next one.
  Var operator()(Var theta, Var x, State& state) const;
  /// The four gates of layer k before their nonlinearities, [4H, N]; x: the layer's input, h: its last output.
  Var gates(Var theta, std::size_t k, Var x, Var h) const;
  /// Uniform on ±1/√H (PyTorch's default), and the forget gate's bias set to `forget_bias`, so that states are
  /// remembered from the start (Gers et al. 2000).
  void init(Rng& rng, std::span<Real> theta, double forget_bias = 1) const;

  struct Layer {
    Parameter weight_ih, weight_hh, bias;
  };
  const std::vector<Layer>& layers() const { return layers_; }

 private:
  Index hidden_;
  std::vector<Layer> layers_;
};

}  // namespace l2l
