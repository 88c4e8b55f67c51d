#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "nn/layers.h"
#include "optimizees/data/idx.h"
#include "optimizees/registry.h"

namespace l2l {
namespace {

/// A data set read once, which all copies of the optimizee share.
struct MnistData {
  ImageSet train, test;

  explicit MnistData(const std::string& folder)
      : train(read_idx(folder, IdxPart::train)), test(read_idx(folder, IdxPart::test)) {
    if (test.height != train.height || test.width != train.width) {
      throw Error(folder, ": test images are ", test.height, "x", test.width, ", training images ", train.height, "x",
                  train.width, "; they must be of one size");
    }
    if (held_out() < 1) {
      throw Error(folder, ": ", train.count(), " training images, at least 6 are needed to hold out one in six");
    }
  }

  /// The last images of the training file are for validation: 10,000 of MNIST's 60,000.
  Index held_out() const { return std::min<Index>(10'000, train.count() / 6); }
};

struct MnistConfig {
  Index units, depth, batch;
  Activation activation;
  double init;
};

/// Cross-entropy of a small network that classifies images, on minibatches (Andrychowicz et al. 2016, section 3.2). The
/// members of the family differ in where they start and in the minibatches they see; splits, in the images these are
/// drawn from.
class Mnist : public Optimizee {
 public:
  Mnist(std::shared_ptr<const MnistData> data, const MnistConfig& config)
      : data_(std::move(data)), config_(config), mlp_(layout_, "mlp", sizes(*data_, config), config.activation) {}

  const Layout& layout() const override { return layout_; }

  void sample(Rng&, Split split) override {
    const Index trained_on = data_->train.count() - data_->held_out();
    images_ = split == Split::test ? &data_->test : &data_->train;
    first_ = split == Split::validation ? trained_on : 0;
    count_ = split == Split::test ? images_->count() : split == Split::validation ? data_->held_out() : trained_on;
    numbers_.clear();  // no batch of the old split is seen in the new one
  }

  /// The paper's: weights and biases IID Gaussian.
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, config_.init); }

  void next_batch(Rng& rng) override {
    if (images_ == nullptr) throw Error("mnist: next_batch was called before sample");
    numbers_.resize(config_.batch);
    labels_.resize(config_.batch);
    for (Index k = 0; k < config_.batch; ++k) {
      numbers_[k] = first_ + rng.below(count_);
      labels_[k] = images_->labels[numbers_[k]];
    }
  }

  Var loss(Tape& tape, Var theta) override {
    if (numbers_.empty()) throw Error("mnist: loss was called before next_batch");
    return softmax_cross_entropy(mlp_(theta, images_->gather(tape, numbers_)), labels_);
  }

  double blind_loss() const override { return std::log(ImageSet::kClasses); }

 private:
  static std::vector<Index> sizes(const MnistData& data, const MnistConfig& config) {
    std::vector<Index> sizes(config.depth, config.units);
    sizes.insert(sizes.begin(), data.train.pixels_per_image());
    sizes.push_back(ImageSet::kClasses);
    return sizes;
  }

  std::shared_ptr<const MnistData> data_;
  MnistConfig config_;
  Layout layout_;
  Mlp mlp_;
  const ImageSet* images_ = nullptr;  // the split's images are first_ … first_ + count_ - 1 of these
  Index first_ = 0, count_ = 0;
  std::vector<Index> numbers_;  // the batch: which images, and their classes
  std::vector<int> labels_;
};

}  // namespace

OptimizeeEntry mnist() {
  return {
      .name = "mnist",
      .summary = "cross-entropy of a small network that classifies images, on minibatches",
      .options = {{"data", "/usr/share/datasets/fashion-mnist", "folder of MNIST's four files, or any in their format"},
                  {"units", "20", "units of a hidden layer"},
                  {"depth", "1", "hidden layers"},
                  {"activation", "sigmoid", "of the hidden units: sigmoid, tanh or relu"},
                  {"batch", "128", "images in a minibatch"},
                  {"init", "0.1", "standard deviation of the initial weights and biases"}},
      .make = [](const OptionValues& values) -> OptimizeeFactory {
        const MnistConfig config = {.units = whole_number(values, "units", 10'000),
                                    .depth = whole_number(values, "depth", 100),
                                    .batch = whole_number(values, "batch", 100'000),
                                    .activation = parse_activation(values.at("activation")),
                                    .init = positive_number(values, "init")};
        const auto data = std::make_shared<const MnistData>(values.at("data"));
        return [=] { return std::make_unique<Mnist>(data, config); };
      },
      .optimizer = {.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.1},
      .training = {.steps = 100, .unroll = 20, .learning_rate = 0.01},
  };
}

}  // namespace l2l
