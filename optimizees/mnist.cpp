#include "nn/layers.h"
#include "optimizees/data/idx.h"
#include "optimizees/image_classifier.h"

namespace l2l {
namespace {

struct MnistConfig {
  Index units, depth, batch;
  Activation activation;
  double init;
};

/// A small network with hidden layers, all of one width, or without (Andrychowicz et al. 2016, section 3.2).
class Mnist : public ImageClassifier {
 public:
  Mnist(std::shared_ptr<const ImageData> data, const MnistConfig& config, Split split)
      : ImageClassifier(data, config.batch, split),
        config_(config),
        mlp_(layout_, "mlp", sizes(data->train.pixels_per_image(), config, classes()), config.activation) {}

  const Layout& layout() const override { return layout_; }

  /// The paper's: weights and biases IID Gaussian.
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, config_.init); }

 private:
  Var logits(Var theta, Var images) const override { return mlp_(theta, images); }

  static std::vector<Index> sizes(Index pixels, const MnistConfig& config, Index classes) {
    std::vector<Index> sizes(config.depth, config.units);
    sizes.insert(sizes.begin(), pixels);
    sizes.push_back(classes);
    return sizes;
  }

  MnistConfig config_;
  Layout layout_;
  Mlp mlp_;
};

}  // namespace

OptimizeeEntry mnist() {
  return {
      .name = "mnist",
      .summary = "a small network that classifies images, Fashion-MNIST's unless --data is given: cross-entropy",
      .options = {{"data", "/usr/share/datasets/fashion-mnist", "folder of MNIST's four files, or any in their format",
                   OptimizeeOption::Kind::path},
                  {"units", "20", "units of a hidden layer"},
                  {"depth", "1", "hidden layers; 0: logistic regression"},
                  {.name = "activation",
                   .default_value = "sigmoid",
                   .help = "of the hidden units: sigmoid, tanh or relu",
                   .words = {"sigmoid", "tanh", "relu"}},
                  {"batch", "128", "images in a minibatch"},
                  {"init", "0.1", "standard deviation of the initial weights and biases"},
                  classes_option()},
      .make = [](const OptionValues& values) -> Family {
        const MnistConfig config = {.units = whole_number(values, "units", 10'000),
                                    .depth = whole_number(values, "depth", 100, 0),
                                    .batch = whole_number(values, "batch", 100'000),
                                    .activation = parse_activation(values.at("activation")),
                                    .init = positive_number(values, "init")};
        const std::vector<int> classes = parse_classes(values);
        const std::string& folder = values.at("data");
        const auto data = std::make_shared<const ImageData>(folder, read_idx(folder, DataPart::train),
                                                            read_idx(folder, DataPart::test), classes);
        return classifiers<Mnist>(data, config);
      },
      .optimizer = {.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.1},
      .training = {.steps = 100, .unroll = 20, .learning_rate = 0.01},
  };
}

}  // namespace l2l
