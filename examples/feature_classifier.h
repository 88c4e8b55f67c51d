#pragma once
#include <optional>
#include <string>
#include <vector>

#include "nn/image_layers.h"
#include "nn/layers.h"
#include "optimizees/neural_art/features.h"

namespace l2l {

/// A feature network that is trained as a classifier: with a normalisation after each convolution, and the logits of
/// the features' means over pixels.
class FeatureClassifier {
 public:
  FeatureClassifier(const FeatureNetwork::Blocks& blocks, Index classes) : network_(blocks, Pooling::average) {
    layout_ = network_.layout();
    for (Index k = 0; k < network_.depth(); ++k) {
      norms_.emplace_back(layout_, "norm." + std::to_string(k), network_.channels(k), "conv");
    }
    labels_.emplace(layout_, "labels", blocks.back().back(), classes);
  }

  const Layout& layout() const { return layout_; }
  Index depth() const { return network_.depth(); }
  void init(Rng& rng, std::span<Real> theta) const {
    network_.init(rng, theta.first(network_.layout().size()));
    for (const BatchNorm& norm : norms_) norm.init(theta);
    labels_->init(rng, theta);
  }

  /// Logits for pictures x [N, 3, H, W] in training: a batch is normalised by its own mean and variance. `convolved`
  /// gets what the normalisations see.
  Var operator()(Var theta, Var x, std::vector<Var>& convolved) const {
    convolved.clear();
    for (Index k = 0; k < depth(); ++k) {
      convolved.push_back(network_.convolve(k, theta, x));
      x = relu(norms_[k](theta, convolved.back()));
    }
    return logits(theta, x);
  }
  /// The same by the network that is left when the normalisations are in the convolutions.
  Var folded(Var theta, Var x) const {
    std::vector<Var> activations;
    network_(theta, x, depth(), activations);
    return logits(theta, activations.back());
  }

  /// One for each convolution, to observe `convolved`.
  std::vector<ChannelStatistics> statistics() const {
    std::vector<ChannelStatistics> all;
    for (Index k = 0; k < depth(); ++k) all.emplace_back(network_.channels(k));
    return all;
  }
  /// Puts the normalisations of θ into its convolutions.
  void fold(std::span<Real> theta, const std::vector<ChannelStatistics>& statistics) const {
    const std::vector<Parameter>& parameters = network_.layout().parameters();  // weight and bias of each convolution
    for (Index k = 0; k < depth(); ++k) {
      norms_[k].fold(theta, statistics[k], parameters[2 * k], parameters[2 * k + 1]);
    }
  }
  /// The part of θ that is the network's.
  Features features(std::span<const Real> theta) const {
    return {network_, {theta.begin(), theta.begin() + network_.layout().size()}};
  }

 private:
  Var logits(Var theta, Var features) const {
    const Var means = avg_pool2d(features, features.shape[2]);
    return (*labels_)(theta, reshape(means, {features.shape[0], features.shape[1]}));
  }

  FeatureNetwork network_;
  Layout layout_;  // the network's parameters come first
  std::vector<BatchNorm> norms_;
  std::optional<Linear> labels_;
};

}  // namespace l2l
