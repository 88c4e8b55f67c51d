// What the feature network of style transfer sees: its first filters, and pictures that single layers cannot tell from
// a photograph or from a style.
//
//     what_features_see CONTENT STYLE OUT.png      pictures in JPEG or PNG
//
// A picture that a layer cannot tell from another shows what the layer keeps of it: the lower ones every pixel, the
// higher ones shapes. If only the means and covariances of a layer must agree, it may put things where it likes: that
// is what style transfer means by a style.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/error.h"
#include "examples/l2l/report/sheet.h"
#include "examples/l2l/run/progress.h"
#include "nn/files/atomic_file.h"
#include "optim/rules.h"
#include "optim/trajectory.h"
#include "optimizees/neural_art/default_features.h"
#include "optimizees/neural_art/picture_search.h"

using namespace l2l;

namespace {

constexpr Index kSize = 128;  // pixels of a side
constexpr int kSteps = 300;
constexpr double kRate = 0.4, kNoise = 0.2;  // of ADAM, and what a search begins with
const std::vector<std::string> kLayers = {"relu1_1", "relu2_1", "relu3_1", "relu4_1"};

/// The filters of the first convolution, six in a row. Grey is 0, and the largest weight is as far as colours go.
Picture first_filters(const Features& features) {
  constexpr Index kColumns = 6, kZoom = 6, kCell = 3 * kZoom + 2;
  const Parameter& weight = features.network.layout().parameters().front();  // [out, 3, 3, 3]
  const std::span<const Real> w = weight.in(std::span(features.weights));
  Real largest = 0;
  for (const Real x : w) largest = std::max(largest, std::abs(x));
  const Index filters = weight.shape[0];
  Picture all{(filters + kColumns - 1) / kColumns * kCell, kColumns * kCell, {}};
  all.pixels.assign(3 * all.height * all.width, Real(1));
  for (Index k = 0; k < filters; ++k) {
    for (Index c = 0; c < 3; ++c) {
      for (Index y = 0; y < 3 * kZoom; ++y) {
        for (Index x = 0; x < 3 * kZoom; ++x) {
          const Real value = w[((k * 3 + c) * 3 + y / kZoom) * 3 + x / kZoom];
          const Index row = k / kColumns * kCell + y, column = k % kColumns * kCell + x;
          all.pixels[(c * all.height + row) * all.width + column] = Real(0.5) + Real(0.5) * value / largest;
        }
      }
    }
  }
  return all;
}

Picture read_square(const char* file) {
  const Picture picture = read_picture(file, 2 * kSize);
  return resize(picture, kSize, kSize, central_square(picture.height, picture.width));
}

/// Where ADAM gets from noise.
Picture found(const StyleLossConfig& config, const Picture& content, const Picture& style, const std::string& name,
              StatusLine& status) {
  StyleLoss loss(default_features(Pooling::average), config);
  loss.set_style(style);
  const Family family([&](Rng&, Split) { return std::make_unique<PictureSearch>(loss, content, kNoise); });
  const auto adam = with_schedule(find_rule("adam"), Schedule::cosine, kSteps).make(kRate);
  Rng rng(0);
  Trajectory search;
  search.start(family, rng, Split::test);
  adam->reset(search.layout());
  Pace pace(0, kSteps, "step");
  for (int t = 1; t <= kSteps; ++t) {
    search.evaluate(rng);
    adam->step(search.gradient(), search.theta());
    status.update(name + "  " + pace.after(t));
  }
  status.finish(name + "  loss " + std::to_string(search.evaluate(rng)));
  return to_rgb(search.theta(), kSize, kSize);
}

void draw(const char* content_file, const char* style_file, const char* out) {
  const Picture content = read_square(content_file), style = read_square(style_file);
  StyleLossConfig config{.content_weight = 1, .style_weight = 0, .style_layers = {kLayers.front()}, .scales = 1};
  StatusLine status;
  std::vector<LabelledPicture> shapes = {{content, "content"}};
  for (const std::string& layer : kLayers) {
    config.content_layer = layer;
    shapes.push_back({found(config, content, style, "content, " + layer, status), "the same to " + layer});
  }
  std::vector<LabelledPicture> textures = {{style, "style"}};
  config = {.content_weight = 0, .content_layer = kLayers.front(), .scales = 1};
  for (const std::string& layer : kLayers) {
    config.style_layers = {layer};
    textures.push_back({found(config, content, style, "style, " + layer, status), "the same style to " + layer});
  }
  config = {.content_weight = 0};
  textures.push_back({found(config, content, style, "style, as it is used", status),
                      "the same style to the first three, at three scales"});
  const Picture filters = first_filters(*default_features(Pooling::average));
  write_png(out, sheet({{{filters, "the filters of relu1_1"}}, shapes, textures}));
  std::printf("picture  %s\n", out);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 4) throw UsageError("usage: CONTENT STYLE OUT.png");
    if (std::filesystem::exists(argv[3])) throw Error(argv[3], ": exists already; name another file");
    check_writable(argv[3]);  // before the work
    draw(argv[1], argv[2], argv[3]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "what_features_see: %s\n", error.what());
    return dynamic_cast<const UsageError*>(&error) ? 2 : 1;
  }
}
