#include "optimizees/neural_art/neural_art.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "autodiff/error.h"
#include "nn/spelling.h"
#include "optim/team.h"
#include "optimizees/neural_art/default_features.h"
#include "optimizees/neural_art/picture_search.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

constexpr double kSmallestCrop = 0.5;  // of a picture's shorter side
constexpr std::size_t kSplits = 3, kTurns = 6;

/// Of the pictures in a folder, in the order of their names, every sixth is for testing, every sixth for validation and
/// the others are for training.
Split split_of(std::size_t k) {
  return k % kTurns == 0 ? Split::test : k % kTurns == kTurns / 2 ? Split::validation : Split::train;
}

/// What all functions of the family share.
struct NeuralArtData {
  Index size;
  std::array<std::vector<Picture>, kSplits> contents;
  StyleLoss loss;  // with the style, without a content

  NeuralArtData(const fs::path& folder, const fs::path& style, Index size, StyleLoss empty_loss)
      : size(size), loss(std::move(empty_loss)) {
    // A crop of the smallest kind still has a pixel for each of the result.
    const Index shorter_side = static_cast<Index>(static_cast<double>(size) / kSmallestCrop);
    const Picture style_picture = read_picture(style, shorter_side);
    loss.set_style(resize(style_picture, size, size, central_square(style_picture.height, style_picture.width)));
    const std::vector<fs::path> files = pictures_in(folder);
    for (std::size_t k = 0; k < files.size(); ++k) {
      std::error_code different;
      if (fs::equivalent(files[k], style, different)) continue;
      contents[static_cast<std::size_t>(split_of(k))].push_back(read_picture(files[k], shorter_side));
    }
    const auto check = [](const fs::path& source, const Picture& picture) {
      check_same("the pixels of " + source.string(),
                 {reinterpret_cast<const char*>(picture.pixels.data()), picture.pixels.size() * sizeof(Real)});
    };
    check(style, style_picture);
    for (const std::vector<Picture>& split : contents) {
      for (const Picture& picture : split) check(folder, picture);
      if (split.empty()) {
        throw Error(folder.string(), ": ", files.size(), " pictures, too few for training, validation and testing; ",
                    kTurns + 1, " are enough");
      }
    }
  }
};

/// A random square of one of the content pictures.
Picture draw_content(const NeuralArtData& data, Rng& rng, Split split) {
  const std::vector<Picture>& contents = data.contents[static_cast<std::size_t>(split)];
  const Picture& picture = contents[rng.below(static_cast<Index>(contents.size()))];
  const double height = static_cast<double>(picture.height), width = static_cast<double>(picture.width);
  const double side = std::min(height, width) * (kSmallestCrop + (1 - kSmallestCrop) * rng.uniform());
  const double top = (height - side) * rng.uniform(), left = (width - side) * rng.uniform();
  return resize(picture, data.size, data.size, {top, left, side, side});
}

}  // namespace

StyleLoss make_style_loss(const OptionValues& options) {
  const Pooling pooling = parse_pooling(options.at("pooling"));
  const std::string& file = options.at("features");
  auto features = file == kDefaultFeatures ? default_features(pooling)
                                           : std::make_shared<const Features>(Features::load(file, pooling));
  StyleLossConfig config;
  config.content_weight = number_from_zero(options, "content-weight");
  config.style_weight = number_from_zero(options, "style-weight");
  config.smoothness_weight = number_from_zero(options, "smoothness-weight");
  config.range_weight = number_from_zero(options, "range-weight");
  config.content_layer = options.at("content-layer");
  config.style_layers = split(options.at("style-layers"), ',');
  config.scales = whole_number(options, "scales", 8);
  return StyleLoss(std::move(features), config);
}

OptimizeeEntry neural_art() {
  return {
      .name = "neural_art",
      .summary = "style transfer: a picture with the shapes of one and the style of another",
      .options = {{"content", "/usr/share/backgrounds", "folder of the content pictures, JPEG or PNG",
                   OptimizeeOption::Kind::path},
                  {"style", "/usr/share/backgrounds/Picture_1A_by_freespace.jpg", "picture of the style",
                   OptimizeeOption::Kind::path},
                  {"size", "64", "height and width of the pictures, in pixels"},
                  {"features", kDefaultFeatures, "safetensors file with VGG-19's convolutions, or the small network",
                   OptimizeeOption::Kind::path},
                  {.name = "pooling",
                   .default_value = "average",
                   .help = "of the feature network: max or average",
                   .words = {"max", "average"}},
                  {"content-weight", "1", "of the content's features"},
                  {"style-weight", "4", "of the means and covariances of the style's features"},
                  {"smoothness-weight", "30", "of the differences of neighbouring pixels"},
                  {"range-weight", "20", "of what lies outside of black to white"},
                  {"content-layer", "relu2_1", "whose features are compared"},
                  {"style-layers", "relu1_1,relu2_1,relu3_1", "whose means and covariances are compared"},
                  {"scales", "3", "sizes at which the picture is looked at: whole, halved, halved twice"},
                  {"init", "0.2",
                   "standard deviation of the noise that a search starts from, in quarters of the range"}},
      .make = [](const OptionValues& values) -> Family {
        const Index size = whole_number(values, "size", 4096);
        const double init = positive_number(values, "init");
        const auto data = std::make_shared<const NeuralArtData>(values.at("content"), values.at("style"), size,
                                                                make_style_loss(values));
        // Style transfer by optimising the picture (Andrychowicz et al. 2016, section 3.4): a function of the family
        // has a content of its own; the style is the same for all.
        return [=](Rng& rng, Split split) {
          return std::make_unique<PictureSearch>(data->loss, draw_content(*data, rng, split), init);
        };
      },
      .optimizer = {.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 1},
      .training = {.steps = 128, .unroll = 32, .learning_rate = 0.03, .discount = 0},
  };
}

}  // namespace l2l
