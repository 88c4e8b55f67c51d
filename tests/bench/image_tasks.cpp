#include "tests/bench/image_tasks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/images/ops.h"
#include "autodiff/ops.h"
#include "nn/layers.h"
#include "optimizees/neural_art/features.h"

namespace l2l::bench {
namespace {

constexpr CoordinateConfig kLstm = {.preprocess = {Preprocess::Kind::log_sign, 10}};

struct Images {
  static constexpr Index kCount = 2000, kPixels = 3 * 32 * 32;
  std::vector<Real> pixels = std::vector<Real>(kCount * kPixels);
  std::vector<int> labels = std::vector<int>(kCount);

  Images() {
    Rng rng(1);
    rng.fill_normal(pixels, 0, 1);
    for (int& label : labels) label = static_cast<int>(rng.below(10));
  }
};

class ConvTask : public Function {
 public:
  explicit ConvTask(std::shared_ptr<const Images> images) : images_(std::move(images)) {
    for (Index in = 3; const char* name : {"conv1", "conv2", "conv3"}) {
      stages_.push_back({layout_.add(name + std::string(".weight"), {kChannels, in, 3, 3}, "conv"),
                         layout_.add(name + std::string(".gain"), {kChannels}, "conv"),
                         layout_.add(name + std::string(".bias"), {kChannels}, "conv")});
      in = kChannels;
    }
    hidden_.emplace(layout_, "hidden", kChannels * 4 * 4, 32);
    output_.emplace(layout_, "output", 32, 10);
  }

  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override {
    rng.fill_normal(theta, 0, 0.1);
    for (const Stage& stage : stages_) {
      std::ranges::fill(stage.gain.in(theta), Real(1));
      std::ranges::fill(stage.bias.in(theta), Real(1));
    }
  }
  void next_batch(Rng& rng) override {
    for (Index k = 0; k < kBatch; ++k) numbers_[k] = rng.below(Images::kCount);
  }
  Var loss(Tape& tape, Var theta) override {
    Real* pixels = tape.scratch(kBatch * Images::kPixels);
    for (Index k = 0; k < kBatch; ++k) {
      std::copy_n(images_->pixels.data() + numbers_[k] * Images::kPixels, Images::kPixels,
                  pixels + k * Images::kPixels);
      labels_[k] = images_->labels[numbers_[k]];
    }
    Var x = tape.leaf({kBatch, 3, 32, 32}, pixels);
    const Var no_bias = tape.constant({kChannels}, Real(0));
    for (const Stage& stage : stages_) {
      x = conv2d(x, stage.weight.in(theta), no_bias, 1, 1);
      x = batch_norm_relu_max_pool(x, stage.gain.in(theta), stage.bias.in(theta));
    }
    x = reshape(x, {kBatch, kChannels * 4 * 4});
    return softmax_cross_entropy((*output_)(theta, relu((*hidden_)(theta, x))), labels_);
  }

 private:
  static constexpr Index kBatch = 128, kChannels = 16;
  struct Stage {
    Parameter weight, gain, bias;
  };

  std::shared_ptr<const Images> images_;
  Layout layout_;
  std::vector<Stage> stages_;
  std::optional<Linear> hidden_, output_;
  std::array<Index, kBatch> numbers_;
  std::array<int, kBatch> labels_;
};

Features random_features() {
  const FeatureNetwork::Blocks blocks = {{64, 64}, {128, 128}, {256, 256, 256, 256}, {512}};
  Features features{FeatureNetwork(blocks, Pooling::max), {}};
  features.weights.resize(features.network.layout().size());
  Rng rng(2);
  features.network.init(rng, features.weights);
  return features;
}

class ArtTask : public Function {
 public:
  ArtTask(Rng& rng, std::shared_ptr<const Features> features) : features_(std::move(features)) {
    picture_ = layout_.add("picture", kPicture);
    std::vector<Real> picture(kPicture.size());
    Tape tape;
    rng.fill_normal(picture, 0, 1);
    describe(tape, tape.constant(kPicture, picture));
    content_.assign(activations_.back().values().begin(), activations_.back().values().end());
    rng.fill_normal(picture, 0, 1);
    describe(tape, tape.constant(kPicture, picture));
    for (std::size_t k = 0; k < kStyleLayers.size(); ++k) {
      const Var matrix = gram(activations_[kStyleLayers[k]]);
      style_[k].assign(matrix.values().begin(), matrix.values().end());
    }
  }

  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, 0.5); }
  Var loss(Tape& tape, Var theta) override {
    const Var x = picture_.in(theta);
    describe(tape, x);
    const Var features = activations_.back();
    Var loss =
        squared_distance(features, tape.leaf(features.shape, content_.data())) / static_cast<Real>(features.size());
    for (std::size_t k = 0; k < kStyleLayers.size(); ++k) {
      const Var matrix = gram(activations_[kStyleLayers[k]]);
      loss = loss + squared_distance(matrix, tape.leaf(matrix.shape, style_[k].data()));
    }
    const Var channels = reshape(x, {3, 1, 64, 64}), zero = tape.constant({1}, Real(0));
    const std::array<Real, 2> difference = {-1, 1};
    const Var right = conv2d(channels, tape.constant({1, 1, 1, 2}, difference), zero);
    const Var down = conv2d(channels, tape.constant({1, 1, 2, 1}, difference), zero);
    return loss + (sum(square(right)) + sum(square(down))) * static_cast<Real>(1e-3 / 12288);
  }

 private:
  static inline const Shape kPicture = {1, 3, 64, 64};
  static constexpr std::array kStyleLayers = {0, 2, 4, 8};  // the first of each block

  void describe(Tape& tape, Var picture) {
    const Var weights = tape.leaf({static_cast<Index>(features_->weights.size())}, features_->weights.data());
    features_->network(weights, picture, features_->network.depth(), activations_);
  }
  static Var gram(Var x) {
    const Var F = reshape(x, {x.shape[1], Index(x.shape[2]) * x.shape[3]});
    return l2l::gram(F) / static_cast<Real>(x.size());
  }

  std::shared_ptr<const Features> features_;
  Layout layout_;
  Parameter picture_;
  std::vector<Real> content_;
  std::array<std::vector<Real>, kStyleLayers.size()> style_;
  std::vector<Var> activations_;
};

}  // namespace

Family conv_task() {
  const auto images = std::make_shared<const Images>();
  return [=](Rng&, Split) { return std::make_unique<ConvTask>(images); };
}
OptimizerModel conv_task_optimizer() {
  return OptimizerModel({{"conv", CoordinateModel(kLstm)}, {"fc", CoordinateModel(kLstm)}});
}

Family art_task() {
  const auto features = std::make_shared<const Features>(random_features());
  return [=](Rng& rng, Split) { return std::make_unique<ArtTask>(rng, features); };
}
OptimizerModel art_task_optimizer() { return CoordinateModel(kLstm); }

}  // namespace l2l::bench
