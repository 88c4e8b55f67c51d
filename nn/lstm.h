#pragma once
#include <string>
#include <vector>

#include "autodiff/ops.h"
#include "nn/layout.h"
#include "nn/random.h"

namespace l2l {

/// A stack of LSTM layers, the identity if there are none; each call is one step. Arrays are [features, N], one column
/// per element of the batch, so that each gate is contiguous in memory and can be taken as a slice.
///
/// Layer k has `name.weight_ih_lk` [4H, in], `name.weight_hh_lk` [4H, H] and `name.bias_lk` [4H], gates in the order
/// i, f, g, o. The same as PyTorch's, but with one bias instead of two that only occur as their sum.
class Lstm {
 public:
  Lstm(Layout& layout, const std::string& name, Index in, Index hidden, int layers, const std::string& group = "");

  using State = std::vector<LstmState>;  // one per layer, each h and c: [H, N]

  State zero_state(Tape& tape, Index n) const;
  /// A state as values, between one tape and the next: its history is cut there.
  class Kept {
   public:
    /// Zero, for n columns.
    Kept(const Lstm& lstm, Index n);
    /// Makes `state` these values, as constants on a tape.
    void restore(Tape& tape, State& state) const;
    void keep(const State& state);
    std::size_t bytes() const;

   private:
    Shape shape_;
    std::vector<std::vector<Real>> values_;  // h and c of each layer
  };
  /// One step: x [in, N] → h of the last layer [H, N]; `state` is replaced by the next one.
  Var operator()(Var theta, Var x, State& state) const;
  /// The four gates of layer k before their nonlinearities, [4H, N]; x: the layer's input, h: its last output.
  Var gates(Var theta, std::size_t k, Var x, Var h) const;
  /// Uniform on ±1/√H (PyTorch's default). The forget gate's bias is `forget_bias`, so that the state is remembered
  /// from the start (Gers et al. 2000).
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
