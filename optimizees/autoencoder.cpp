#include "autodiff/ops.h"
#include "nn/layers.h"
#include "optimizees/data/idx.h"
#include "optimizees/image_classifier.h"

namespace l2l {
namespace {

struct AutoencoderConfig {
  Index units, batch;
  double init;
};

/// A network that has to give an image again after squeezing it through a few sigmoid units (Hinton & Salakhutdinov
/// 2006, without their pretraining):
///
///     f(θ) = mean over images and pixels of -x log y - (1-x) log(1-y),  y = σ(z), which is log(1 + e^z) - x z.
///
/// It takes its minibatches as a classifier does, and makes no use of their labels.
class Autoencoder : public ImageClassifier {
 public:
  Autoencoder(std::shared_ptr<const ImageData> data, const AutoencoderConfig& config, Split split)
      : ImageClassifier(data, config.batch, split),
        init_(config.init),
        mlp_(layout_, "mlp", {data->train.pixels_per_image(), config.units, data->train.pixels_per_image()},
             Activation::sigmoid) {}

  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, init_); }
  Var loss(Tape& tape, Var theta) override {
    const Var x = images(tape), z = logits(theta, x);
    return mean(softplus(z) - x * z);
  }

 private:
  Var logits(Var theta, Var images) const override { return mlp_(theta, images); }

  double init_;
  Layout layout_;
  Mlp mlp_;
};

}  // namespace

OptimizeeEntry autoencoder() {
  return {
      .name = "autoencoder",
      .summary = "a network that gives images again through a bottleneck, Fashion-MNIST's: cross-entropy a pixel",
      .options = {{"data", "/usr/share/datasets/fashion-mnist", "folder of MNIST's four files, or any in their format",
                   OptimizeeOption::Kind::path},
                  {"units", "16", "units of the bottleneck"},
                  {"batch", "128", "images in a minibatch"},
                  {"init", "0.1", "standard deviation of the initial weights and biases"},
                  classes_option()},
      .make = [](const OptionValues& values) -> Family {
        const AutoencoderConfig config = {.units = whole_number(values, "units", 10'000),
                                          .batch = whole_number(values, "batch", 100'000),
                                          .init = positive_number(values, "init")};
        const std::string& folder = values.at("data");
        const auto data = std::make_shared<const ImageData>(folder, read_idx(folder, DataPart::train),
                                                            read_idx(folder, DataPart::test), parse_classes(values));
        return Family([=](Rng&, Split split) { return std::make_unique<Autoencoder>(data, config, split); });
      },
      .optimizer = {.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.1},
      .training = {.steps = 100, .unroll = 20, .learning_rate = 0.01},
  };
}

}  // namespace l2l
