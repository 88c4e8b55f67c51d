#include "optimizees/neural_art/features.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "autodiff/images/ops.h"
#include "autodiff/ops.h"
#include "nn/files/safetensors.h"
#include "tests/nn/reference.h"
#include "tests/nn/temporary_folder.h"

namespace l2l::features_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

const FeatureNetwork::Blocks kSmall = {{2, 3}, {2}};

std::vector<Real> activations(Pooling pooling, Index depth) {
  const FeatureNetwork network(kSmall, pooling);
  const std::vector<Real> weights = ramp_parameters(network.layout());
  std::vector<Real> picture(3 * 4 * 5);
  for (std::size_t k = 0; k < picture.size(); ++k) {
    picture[k] = static_cast<Real>(0.5 + 0.5 * std::sin(2.3 * static_cast<double>(k + 1)));
  }
  Tape tape;
  std::vector<Var> layers;
  network(tape.leaf({network.layout().size()}, weights.data()), tape.constant({1, 3, 4, 5}, picture), depth, layers);
  REQUIRE(std::ssize(layers) == depth);
  return {layers.back().values().begin(), layers.back().values().end()};
}

/// Sums of 27, 18 and 27 products one after the other, of weights up to 1; the last, of numbers up to 37, has Σ|terms|
/// of up to 640.
std::vector<Near> after_layers(const std::vector<double>& expected) { return rounded(expected, 27 + 18 + 27, 640); }

/// Writes a file with these tensors, all zero, and returns the error of reading it, or "".
std::string reason(const std::map<std::string, std::vector<std::int64_t>>& tensors) {
  const TemporaryFolder folder;
  const auto path = folder.path / "weights.safetensors";
  TensorFile file;
  for (const auto& [name, shape] : tensors) {
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) size *= extent;
    file.tensors[name] = {shape, std::vector<Real>(size)};
  }
  write_safetensors(path, file);
  try {
    Features::load(path, Pooling::max);
  } catch (const Error& error) {
    const std::string text = error.what(), start = path.string() + ": ";
    CHECK(text.starts_with(start));
    return text.substr(start.size());
  }
  return "";
}

}  // namespace

// import torch; import torch.nn.functional as F            # PyTorch 1.13, float64; ramp: see reference.h
// mean, std = (torch.tensor(v).view(3, 1, 1) for v in ([.485, .456, .406], [.229, .224, .225]))
// def net(x, pool):
//     a, x = [], (x - mean) / std
//     for k, (i, o) in enumerate([(3, 2), (2, 3), (3, 2)]):
//         if k == 2: x = pool(x, 2)
//         x = F.relu(F.conv2d(F.pad(x, (1,) * 4, "reflect"), ramp(o, i, 3, 3), ramp(o))); a.append(x)
//     return a
// x = 0.5 + 0.5 * torch.sin(torch.arange(1., 61.) * 2.3).view(1, 3, 4, 5)
// for pool in (F.max_pool2d, F.avg_pool2d): print(net(x, pool)[2].flatten().tolist())
// print(net(x, F.max_pool2d)[1].flatten()[:10].tolist())
TEST_CASE("FeatureNetwork agrees with PyTorch") {
  check_close(activations(Pooling::max, 3),
              after_layers({14.36416836947308, 26.091965486558774, 10.461367841263531, 28.59780486950794, 0,
                            6.453435993523991, 0, 9.496618922739396}));
  check_close(activations(Pooling::average, 3),
              after_layers({6.149877468782916, 12.377027893934835, 4.843967282391235, 13.369490336201183, 0,
                            1.598691250863616, 0, 2.9457788379468957}));
  std::vector<Real> second = activations(Pooling::max, 2);
  REQUIRE(second.size() == 60);
  second.resize(10);
  check_close(second, after_layers({3.539996297609445, 10.357093164619764, 0, 17.565822266981602, 0, 0,
                                    20.83245499789023, 0, 34.05006234156736, 2.1639521820031726}));
}

TEST_CASE("FeatureNetwork: a layer is its convolution, which may be had without the rectifier, and rectified") {
  const FeatureNetwork network({{2, 3}, {2}}, Pooling::average);
  std::vector<Real> weights(network.layout().size()), pictures(2 * 3 * 4 * 6);
  Rng rng(3);
  network.init(rng, weights);
  rng.fill_uniform(pictures, 0, 1);
  Tape tape;
  const Var phi = tape.leaf({network.layout().size()}, weights.data()), x = tape.constant({2, 3, 4, 6}, pictures);
  std::vector<Var> layers;
  network(phi, x, 3, layers);
  for (Index k = 0; k < 3; ++k) {
    const Var y = network.convolve(k, phi, k == 0 ? x : layers[k - 1]), rectified = relu(y);
    CAPTURE(k);
    CHECK(*std::min_element(y.value, y.value + y.size()) < 0);
    check_close(layers[k].values(), {rectified.values().begin(), rectified.values().end()});
  }
}

TEST_CASE("A flat picture has flat features, up to its edge") {
  const FeatureNetwork network({{4, 4}, {4}, {4}}, Pooling::average);
  std::vector<Real> weights(network.layout().size());
  Rng rng(3);
  network.init(rng, weights);
  Tape tape;
  std::vector<Var> layers;
  network(tape.leaf({network.layout().size()}, weights.data()), tape.constant({1, 3, 12, 16}, Real(0.25)), 4, layers);
  for (const Var layer : layers) {
    const Index pixels = layer.size() / layer.shape[1];
    for (Index k = 0; k < layer.size(); ++k) {
      // Sums of up to 36 products, four layers of them, of numbers of some size 1, in an order that depends on the
      // place.
      CHECK(layer.value[k] == rounded(layer.value[k / pixels * pixels], 4 * 36, 2));
    }
  }
}

TEST_CASE("FeatureNetwork's gradient for picture and weights") {
  if (sizeof(Real) == 4) return;  // in float the steps of the differences cross the kinks of ReLU
  for (const Pooling pooling : {Pooling::max, Pooling::average}) {
    const FeatureNetwork network(kSmall, pooling);
    std::vector<Var> layers;
    const auto last = [&](Tape&, std::span<const Var> x) {
      network(x[0], x[1], 3, layers);
      return layers.back();
    };
    std::vector<Real> weights(network.layout().size());
    Rng rng(3);
    network.init(rng, weights);
    std::vector<Real> pictures(2 * 3 * 4 * 4);
    rng.fill_uniform(pictures, 0, 1);
    CHECK(gradcheck(last, {Shape{network.layout().size()}, Shape{2, 3, 4, 4}}, {weights, pictures}));
  }
}

TEST_CASE("layers have Gatys's names, parameters torchvision's") {
  const FeatureNetwork network(FeatureNetwork::vgg19(), Pooling::max);
  CHECK(network.depth() == 16);
  CHECK(network.find("relu1_1") == 0);
  CHECK(network.find("relu3_1") == 4);
  CHECK(network.find("relu5_4") == 15);
  CHECK(network.smallest_picture(network.find("relu1_2") + 1) == 2);
  CHECK(network.smallest_picture(16) == 32);
  CHECK(network.layout().find("features.28.weight").shape == Shape{512, 512, 3, 3});
  CHECK(network.layout().find("features.34.bias").shape == Shape{512});
  CHECK(network.layout().size() == 20'024'384);  // torchvision's vgg19().features
  CHECK_THROWS_WITH(FeatureNetwork(kSmall, Pooling::max).find("relu2_2"),
                    "features: there is no layer 'relu2_2'; there are relu1_1, relu1_2, relu2_1");
}

TEST_CASE("random weights keep the size of activations") {
  const FeatureNetwork network({{64, 64}, {64, 64}}, Pooling::average);
  std::vector<Real> weights(network.layout().size());
  Rng rng(1);
  network.init(rng, weights);
  const std::span<const Real> last = network.layout().find("features.7.weight").in(std::span<const Real>(weights));
  const double n = static_cast<double>(last.size()), deviation = std::sqrt(2.0 / (64 * 9));
  CHECK(norm(last) / std::sqrt(n) == Near(deviation, 4 * deviation / std::sqrt(2 * n)));  // four standard errors
  CHECK(norm(network.layout().find("features.7.bias").in(std::span<const Real>(weights))) == 0);
}

TEST_CASE("a saved network is loaded, with the structure of its blocks") {
  const TemporaryFolder folder;
  const auto path = folder.path / "weights.safetensors";
  const FeatureNetwork network(kSmall, Pooling::max);
  Features{network, ramp_parameters(network.layout())}.save(path);
  const Features loaded = Features::load(path, Pooling::average);
  const std::vector<Real> saved = ramp_parameters(network.layout());
  std::vector<Near> halves;  // F16: eleven bits
  for (const Real v : saved) halves.emplace_back(v, std::ldexp(std::abs(v), -11));
  check_close(loaded.weights, halves);
  CHECK(loaded.network.depth() == 3);
  CHECK(loaded.network.smallest_picture(3) == 4);
}

TEST_CASE("a weights file that does not fit is one line that names file and tensor") {
  const std::map<std::string, std::vector<std::int64_t>> good = {{"features.0.weight", {2, 3, 3, 3}},
                                                                 {"features.0.bias", {2}},
                                                                 {"features.2.weight", {3, 2, 3, 3}},
                                                                 {"features.2.bias", {3}},
                                                                 {"features.5.weight", {2, 3, 3, 3}},
                                                                 {"features.5.bias", {2}},
                                                                 {"head.fc.weight", {1}}};
  CHECK(reason(good) == "");
  const auto with = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    auto changed = good;
    changed[name] = shape;
    return reason(changed);
  };
  const auto without = [&](const std::string& name) {
    auto changed = good;
    changed.erase(name);
    return reason(changed);
  };
  CHECK_THAT(without("features.0.weight"), ContainsSubstring("there is no tensor 'features.0.weight'"));
  CHECK_THAT(without("features.2.weight"),
             ContainsSubstring("there is no tensor 'features.2.weight' nor 'features.3.weight', "
                               "but 'features.5.weight'"));
  CHECK(without("features.2.bias") == "there is no tensor 'features.2.bias'");
  CHECK(with("features.2.weight", {3, 1, 3, 3}) ==
        "tensor 'features.2.weight' has shape [3x1x3x3], it should be [3x2x3x3]");
  CHECK(with("features.2.weight", {3, 2, 5, 5}) ==
        "tensor 'features.2.weight' has shape [3x2x5x5], it should be [3x2x3x3]");
  CHECK(with("features.0.bias", {3}) == "tensor 'features.0.bias' has shape [3], it should be [2]");
  CHECK_THAT(with("features.5.weight", {2}), ContainsSubstring("'features.5.weight' is not that of a convolution"));
  CHECK_THAT(with("features.1.weight", {2}), ContainsSubstring("not a VGG network without batch normalisation"));
  CHECK_THAT(reason({{"conv.weight", {2}}}), ContainsSubstring("there is no tensor 'features.0.weight'"));
}

TEST_CASE("parse_pooling") {
  CHECK(parse_pooling("max") == Pooling::max);
  CHECK(parse_pooling("average") == Pooling::average);
  CHECK_THROWS_WITH(parse_pooling("mean"), "pooling 'mean' is unknown; there are max and average");
}

}  // namespace l2l::features_test
