#pragma once
#include "nn/layout.h"
#include "nn/lstm.h"
#include "nn/perceptron.h"
#include "nn/random.h"
#include "optim/learned/preprocess.h"
#include "optim/learned/proposal.h"

namespace l2l {

/// The shape of a learned optimizer: features of the gradients → layers → proposal.
struct CoordinateConfig {
  // Far beyond any use: they keep a slip of the hand or a damaged file from asking for all the memory there is.
  static constexpr int kMaxLayers = 16, kMaxHidden = 1024;
  static constexpr double kMaxDecay = 2;

  int layers = 2;  // of the LSTM
  int hidden = 20;  // units of every layer
  Preprocess preprocess = {};
  double output_scale = 0.1;
  Proposal::Kind proposal = Proposal::Kind::scaled;
  double rate = 0.01;  // η of an anchored proposal
  double decay = 0;  // its p
  int dense = 0;  // fully connected layers before the LSTM; with layers = 0 they are a perceptron

  /// Numbers that are kept of a coordinate from one step to the next.
  Index state_numbers() const { return (2 * layers + dense) * hidden + preprocess.memory(); }
  bool operator==(const CoordinateConfig&) const = default;
};

/// The model m of Andrychowicz et al. 2016, eq. 3: an LSTM that is applied to every coordinate of θ separately, with
/// the same weights φ and a state z of its own, which is h and c of each layer,
///     (u_t, z_{t+1}) = m(∇_t, z_t, φ),        u = proposal(v · h + b) with the new h of the last layer.
/// In the paper the proposal is u = output_scale · (v · h + b); see `Proposal` for others, and `Preprocess` for what
/// goes in. There may be fully connected layers before the LSTM, as RNNprop has one (Lv et al. 2017), or in its place:
/// such a perceptron has no state, and remembers only what its features do. This describes m and its parameters, and
/// writes it down in elementary ops; `CoordinateOptimizer` runs it fast, `UnrollRecorder` records it for meta-training.
class CoordinateModel {
 public:
  explicit CoordinateModel(const CoordinateConfig& config);

  const CoordinateConfig& config() const { return config_; }
  const Layout& layout() const { return layout_; }
  const Perceptron& dense() const { return dense_; }
  const Lstm& lstm() const { return lstm_; }
  const Parameter& output_weight() const { return output_weight_; }  // v: [O, H], for O outputs
  const Parameter& output_bias() const { return output_bias_; }  // b: [O]
  Proposal proposal() const { return {config_.proposal, config_.output_scale, config_.rate, config_.decay}; }
  /// One step for n coordinates: features [F, n] of their gradients → u [n]; `state` is replaced by the next one.
  Var operator()(Var phi, Var features, Lstm::State& state) const;
  /// Random φ, with a small output, so that an untrained optimizer takes small steps; with none if it is anchored.
  void init(Rng& rng, std::span<Real> phi) const;

 private:
  CoordinateConfig config_;
  Layout layout_;
  Perceptron dense_;
  Lstm lstm_;
  Parameter output_weight_, output_bias_;
};

}  // namespace l2l
