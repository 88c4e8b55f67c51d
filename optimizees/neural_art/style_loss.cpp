#include "optimizees/neural_art/style_loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"

namespace l2l {
namespace {

constexpr double kLeastTexture = 0.01;  // ‖Σ‖ / ‖μ‖² of a style from which on its covariance is believed

/// The mean [C, 1] and the covariance [C, C] of features [1, C, H, W] over the pixels of their picture.
struct Moments {
  Var mean, covariance;
};
Moments moments(Tape& tape, Var features) {
  const Index channels = features.shape[1], pixels = features.shape[2] * features.shape[3];
  const Var F = reshape(features, {channels, pixels});
  const Real share = 1 / static_cast<Real>(pixels);
  const Var mean = matmul(F, tape.constant({pixels, 1}, share));
  return {mean, share * gram(F) - matmul(mean, mean, Trans::no, Trans::yes)};
}

/// Mean squared difference of neighbours. x: [1, 3, H, W]
Var roughness(Tape& tape, Var x) {
  const Index H = x.shape[2], W = x.shape[3];
  const Var channels = reshape(x, {3, 1, H, W});
  const std::array<Real, 2> difference = {-1, 1};
  const Var zero = tape.constant({1}, Real(0));
  const Var right = conv2d(channels, tape.constant({1, 1, 1, 2}, difference), zero);
  const Var down = conv2d(channels, tape.constant({1, 1, 2, 1}, difference), zero);
  return (sum(square(right)) + sum(square(down))) / static_cast<Real>(right.size() + down.size());
}

/// Mean squared distance from [0, 1].
Var excess(Var x) { return mean(square(relu(x - 1))) + mean(square(relu(-x))); }

Var picture_on(Tape& tape, const Picture& picture) {
  return tape.leaf({1, 3, picture.height, picture.width}, picture.pixels.data());
}

}  // namespace

StyleLoss::StyleLoss(std::shared_ptr<const Features> features, const StyleLossConfig& config)
    : features_(std::move(features)), config_(config), content_layer_(features_->network.find(config.content_layer)) {
  for (const std::string& layer : config.style_layers) style_layers_.push_back(features_->network.find(layer));
  depth_ = content_layer_ + 1;
  for (const Index layer : style_layers_) depth_ = std::max(depth_, layer + 1);
}

Index StyleLoss::smallest_picture(Index depth) const {
  return features_->network.smallest_picture(depth) << (config_.scales - 1);
}

void StyleLoss::for_each_scale(Tape& tape, Var x, Index depth, const std::function<void(Index k)>& visit) {
  const Index least = smallest_picture(depth);
  if (std::min(x.shape[2], x.shape[3]) < least) {
    throw Error("a picture of ", x.shape[3], "x", x.shape[2], " pixels is too small for the feature network at ",
                config_.scales, " scales, which needs ", least, " on each side");
  }
  const Var weights = tape.leaf({static_cast<Index>(features_->weights.size())}, features_->weights.data());
  for (Index k = 0; k < config_.scales; ++k) {
    if (k > 0) x = avg_pool2d(x, 2);
    features_->network(weights, x, depth, activations_);
    visit(k);
  }
}

void StyleLoss::Target::blend(Var x, double share) {
  for (std::size_t k = 0; k < values.size(); ++k) values[k] += static_cast<Real>(share) * (x.value[k] - values[k]);
}

void StyleLoss::Target::find_scale(double least) {
  double squares = 0;
  for (const Real value : values) squares += static_cast<double>(value) * value;
  squares = std::max(squares, least);
  // A picture without any feature at the layer is matched by the same: then any scale will do.
  scale = squares > 0 ? 1 / squares : 1;
}

Var StyleLoss::relative_error(Tape& tape, Var x, const Target& target) {
  return squared_distance(x, tape.leaf(target.shape, target.values.data())) * static_cast<Real>(target.scale);
}

void StyleLoss::set_content(const Picture& content) {
  Tape tape;
  content_.clear();
  for_each_scale(tape, picture_on(tape, content), content_layer_ + 1, [&](Index) {
    content_.emplace_back(activations_[content_layer_]);
    content_.back().find_scale(0);
  });
}

void StyleLoss::set_style(const Picture& style) { set_styles(std::array{WeightedPicture{style, 1}}); }

void StyleLoss::set_styles(std::span<const WeightedPicture> styles) {
  style_.clear();
  double weights = 0;
  for (const WeightedPicture& style : styles) {
    weights += style.weight;
    Tape tape;
    for_each_scale(tape, picture_on(tape, style.picture), depth_, [&](Index k) {
      for (std::size_t l = 0; l < style_layers_.size(); ++l) {
        const Moments m = moments(tape, activations_[style_layers_[l]]);
        const std::size_t place = k * style_layers_.size() + l;
        if (place == style_.size()) {
          style_.push_back({Target(m.mean), Target(m.covariance)});
        } else {
          style_[place].mean.blend(m.mean, style.weight / weights);
          style_[place].covariance.blend(m.covariance, style.weight / weights);
        }
      }
    });
  }
  for (Statistics& style : style_) {
    style.mean.find_scale(0);
    style.covariance.find_scale(std::pow(kLeastTexture / style.mean.scale, 2));
  }
}

StyleLoss::Terms StyleLoss::operator()(Tape& tape, Var x) {
  const Index layers = static_cast<Index>(style_layers_.size());
  Terms terms;
  terms.content = terms.style = tape.constant({}, Real(0));
  for_each_scale(tape, x, depth_, [&](Index k) {
    terms.content = terms.content + relative_error(tape, activations_[content_layer_], content_[k]);
    for (Index l = 0; l < layers; ++l) {
      const Moments m = moments(tape, activations_[style_layers_[l]]);
      const Statistics& style = style_[k * layers + l];
      terms.style =
          terms.style + relative_error(tape, m.mean, style.mean) + relative_error(tape, m.covariance, style.covariance);
    }
  });
  terms.content = terms.content / static_cast<Real>(config_.scales);
  if (layers > 0) terms.style = terms.style / static_cast<Real>(2 * layers * config_.scales);
  terms.smoothness = roughness(tape, x);
  terms.range = excess(x);
  terms.total = static_cast<Real>(config_.content_weight) * terms.content +
                static_cast<Real>(config_.style_weight) * terms.style +
                static_cast<Real>(config_.smoothness_weight) * terms.smoothness +
                static_cast<Real>(config_.range_weight) * terms.range;
  return terms;
}

}  // namespace l2l
