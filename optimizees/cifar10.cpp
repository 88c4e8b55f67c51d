#include "autodiff/error.h"
#include "nn/image_layers.h"
#include "optimizees/data/cifar.h"
#include "optimizees/data/idx.h"
#include "optimizees/image_classifier.h"

namespace l2l {
namespace {

constexpr Index kStages = 3;
/// What --data calls the data set that Debian's package dataset-fashion-mnist puts here.
const char* const kFashion = "fashion-mnist";
const char* const kFashionFolder = "/usr/share/datasets/fashion-mnist";

struct Cifar10Config {
  Index channels, kernel, units, batch;
  double init;
};

/// Convolution, batch normalisation, ReLU and 2x2 max pooling, three times; then a fully connected layer, normalised
/// and rectified too, and the logits (Andrychowicz et al. 2016, section 3.3). The convolutions and their normalisations
/// are the group `conv` of parameters, the rest is `fc`: the paper has an LSTM for each. Batches are always normalised
/// by their own statistics, as the loss of a training step is. Layers that are normalised have no bias, which would
/// have no effect.
class Cifar10 : public ImageClassifier {
 public:
  Cifar10(std::shared_ptr<const ImageData> data, const Cifar10Config& config, Split split)
      : ImageClassifier(data, config.batch, split),
        config_(config),
        images_{config.batch, data->train.channels, data->train.height, data->train.width} {
    Index in = images_[1];
    for (Index k = 0; k < kStages; ++k, in = config.channels) {
      const std::string name = "conv." + std::to_string(k);
      convolutions_.emplace_back(layout_, name, in, config.channels, config.kernel, Bias::no);
      norms_.emplace_back(layout_, name + ".norm", config.channels, "conv");
    }
    features_ = config.channels * (images_[2] >> kStages) * (images_[3] >> kStages);
    hidden_.emplace(layout_, "fc.0", features_, config.units, "fc", Bias::no);
    norms_.emplace_back(layout_, "fc.0.norm", config.units, "fc");
    output_.emplace(layout_, "fc.1", config.units, classes());
  }

  const Layout& layout() const override { return layout_; }

  /// The paper's start is IID Gaussian, and so are all weights here; one deviation does for layers of any width, since
  /// what is normalised behind a layer does not depend on the scale of its weights. But a gain around 0 would silence
  /// its channel, and a negative one turn it over: normalisations start with gain 1 and bias 0.
  void init(Rng& rng, std::span<Real> theta) const override {
    rng.fill_normal(theta, 0, config_.init);
    for (const BatchNorm& norm : norms_) norm.init(theta);
  }

 private:
  Var logits(Var theta, Var images) const override {
    Var x = reshape(images, images_);
    for (Index k = 0; k < kStages; ++k) x = norms_[k].relu_max_pool(theta, convolutions_[k](theta, x));
    x = (*hidden_)(theta, reshape(x, {config_.batch, features_}));
    return (*output_)(theta, relu(norms_[kStages](theta, x)));
  }

  Cifar10Config config_;
  Shape images_;  // of a batch
  Index features_;  // of an image, where it enters the fully connected layer
  Layout layout_;
  std::vector<Conv2d> convolutions_;
  std::vector<BatchNorm> norms_;  // of each convolution, then of the hidden layer
  std::optional<Linear> hidden_, output_;
};

ImageData read_data(const std::string& name, const std::vector<int>& classes) {
  const auto read = [&](DataPart part) {
    return name == kFashion ? read_idx(kFashionFolder, part) : read_cifar(name, part);
  };
  ImageData data(name, read(DataPart::train), read(DataPart::test), classes);
  const Index height = data.train.height, width = data.train.width;
  if (height >> kStages == 0 || width >> kStages == 0) {
    throw Error(name, ": images of ", height, "x", width, ", at least ", 1 << kStages, "x", 1 << kStages,
                " are needed to halve them ", kStages, " times");
  }
  return data;
}

}  // namespace

OptimizeeEntry cifar10() {
  return {
      .name = "cifar10",
      .summary = "a convolutional network for images, Fashion-MNIST's unless --data is given: cross-entropy",
      .options = {{"data", kFashion, "folder of CIFAR-10's binary version; fashion-mnist: Debian's 28x28 grey images",
                   OptimizeeOption::Kind::path, OptimizeeOption::Shown::always},
                  {"channels", "16", "of each of the three convolutions"},
                  {"kernel", "5", "height and width of their kernels, odd"},
                  {"units", "32", "of the fully connected layer"},
                  {"batch", "128", "images in a minibatch"},
                  {"init", "0.1", "standard deviation of the initial weights"},
                  classes_option()},
      .make = [](const OptionValues& values) -> Family {
        const Cifar10Config config = {.channels = whole_number(values, "channels", 1000),
                                      .kernel = whole_number(values, "kernel", 31),
                                      .units = whole_number(values, "units", 10'000),
                                      .batch = whole_number(values, "batch", 100'000),
                                      .init = positive_number(values, "init")};
        if (config.kernel % 2 == 0) throw OptionError("kernel '", config.kernel, "' must be odd, to have a middle");
        if (config.batch < 2) throw OptionError("batch '1' must be at least 2: a single image cannot be normalised");
        const std::vector<int> classes = parse_classes(values);
        const auto data = std::make_shared<const ImageData>(read_data(values.at("data"), classes));
        return classifiers<Cifar10>(data, config);
      },
      .optimizer = {.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.03},
      .training = {.steps = 100, .unroll = 20, .learning_rate = 0.01},
      .groups = "conv,fc",
  };
}

}  // namespace l2l
