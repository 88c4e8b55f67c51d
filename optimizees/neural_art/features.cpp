#include "optimizees/neural_art/features.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "autodiff/ops.h"
#include "nn/files/safetensors.h"
#include "nn/parameters.h"
#include "nn/spelling.h"

namespace l2l {
namespace {

const std::string kPrefix = "features.";

/// Of the pictures that published weights were trained on (ImageNet).
constexpr std::array kMean = {0.485, 0.456, 0.406}, kDeviation = {0.229, 0.224, 0.225};

/// (pictures - mean) / deviation, as a convolution with one tap.
Var normalise(Var pictures) {
  std::array<Real, 9> scale = {};
  std::array<Real, 3> shift;
  for (int c = 0; c < 3; ++c) {
    scale[4 * c] = static_cast<Real>(1 / kDeviation[c]);
    shift[c] = static_cast<Real>(-kMean[c] / kDeviation[c]);
  }
  Tape& tape = *pictures.tape;
  return conv2d(pictures, tape.constant({3, 3, 1, 1}, scale), tape.constant({3}, shift));
}

/// The number of a convolution that a tensor "features.K.weight" belongs to, or -1.
Index number_in(std::string_view name) {
  if (!name.ends_with(".weight")) return -1;
  name.remove_prefix(kPrefix.size());
  Index number = -1;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && std::string_view(stop) == ".weight" ? number : -1;
}

/// How a file's convolutions make up blocks. Behind each comes a rectifier, behind a block a pooling: so the next
/// number is 2 further, or 3 if a new block begins.
FeatureNetwork::Blocks blocks_in(const TensorFile& file) {
  const auto fail = [&](const auto&... parts) { throw Error(file.path.string(), ": ", parts...); };
  std::map<Index, const Tensor*> weights;  // in the order of their numbers
  for (const auto& [name, tensor] : file.tensors) {
    if (const Index number = number_in(name); number >= 0) weights[number] = &tensor;
  }
  if (!weights.contains(0)) fail("there is no tensor 'features.0.weight'; a VGG network's convolutions begin with it");
  FeatureNetwork::Blocks blocks = {{}};
  Index next = 0;
  for (const auto& [number, tensor] : weights) {
    if (number == next + 1) {
      blocks.emplace_back();
    } else if (number != next) {
      fail("there is no tensor 'features.", next, ".weight' nor 'features.", next + 1, ".weight', but 'features.",
           number, ".weight': not a VGG network without batch normalisation");
    }
    if (tensor->shape.size() != 4 || tensor->shape[0] < 1) {
      fail("tensor 'features.", number, ".weight' is not that of a convolution, [out, in, 3, 3]");
    }
    blocks.back().push_back(tensor->shape[0]);
    next = number + 2;
  }
  return blocks;
}

}  // namespace

Pooling parse_pooling(std::string_view name) {
  static const Names<Pooling> names("pooling", {{"max", Pooling::max}, {"average", Pooling::average}});
  return names.parse(name);
}

FeatureNetwork::Blocks FeatureNetwork::vgg19() {
  return {{64, 64}, {128, 128}, {256, 256, 256, 256}, {512, 512, 512, 512}, {512, 512, 512, 512}};
}

FeatureNetwork::FeatureNetwork(const Blocks& blocks, Pooling pooling) : pooling_(pooling) {
  Index in = 3, number = 0;
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    if (block > 0) ++number;  // the pooling
    for (std::size_t k = 0; k < blocks[block].size(); ++k) {
      const Index out = blocks[block][k];
      const std::string name = kPrefix + std::to_string(number);
      convolutions_.push_back({layout_.add(name + ".weight", {out, in, 3, 3}, "conv", Parameter::Kind::linear_map),
                               layout_.add(name + ".bias", {out}, "conv"),
                               "relu" + std::to_string(block + 1) + "_" + std::to_string(k + 1), k == 0 && block > 0});
      in = out;
      number += 2;  // the convolution and its rectifier
    }
  }
}

Index FeatureNetwork::find(std::string_view layer) const {
  std::string names;
  for (Index k = 0; k < depth(); ++k) {
    if (convolutions_[k].layer == layer) return k;
    names += (k ? ", " : "") + convolutions_[k].layer;
  }
  throw Error("features: there is no layer '", layer, "'; there are ", names);
}

Index FeatureNetwork::smallest_picture(Index depth) const {
  Index size = 2;  // there must be a pixel beside the edge to be mirrored
  for (Index k = 0; k < depth; ++k) size *= convolutions_[k].first_of_block ? 2 : 1;
  return size;
}

Var FeatureNetwork::input(Index k, Var x) const {
  if (k == 0) x = normalise(x);
  if (!convolutions_[k].first_of_block) return x;
  return pooling_ == Pooling::max ? max_pool2d(x, 2) : avg_pool2d(x, 2);
}

Var FeatureNetwork::convolve(Index k, Var weights, Var x) const {
  const Convolution& convolution = convolutions_[k];
  return conv2d(reflect_pad2d(input(k, x), 1), convolution.weight.in(weights), convolution.bias.in(weights));
}

void FeatureNetwork::operator()(Var weights, Var pictures, Index depth, std::vector<Var>& activations) const {
  activations.clear();
  for (Index k = 0; k < depth; ++k) {
    const Convolution& convolution = convolutions_[k];
    const Var x = input(k, k == 0 ? pictures : activations[k - 1]);
    activations.push_back(reflect_pad_conv_relu(x, convolution.weight.in(weights), convolution.bias.in(weights), 1));
  }
}

void FeatureNetwork::init(Rng& rng, std::span<Real> weights) const {
  for (const Convolution& convolution : convolutions_) {
    const Shape& shape = convolution.weight.shape;
    const double fan_in = static_cast<double>(shape[1] * shape[2] * shape[3]);
    rng.fill_normal(convolution.weight.in(weights), 0, std::sqrt(2 / fan_in));
    std::ranges::fill(convolution.bias.in(weights), Real(0));
  }
}

namespace {

Features from_file(const TensorFile& file, Pooling pooling) {
  Features features{FeatureNetwork(blocks_in(file), pooling), {}};
  features.weights.resize(features.network.layout().size());
  get_parameters(file, features.network.layout(), features.weights);
  return features;
}

}  // namespace

Features Features::load(const std::filesystem::path& path, Pooling pooling) {
  return from_file(read_safetensors(path, kPrefix), pooling);
}

Features Features::parse(std::string_view content, const std::string& name, Pooling pooling) {
  return from_file(parse_safetensors(content, name, kPrefix), pooling);
}

void Features::save(const std::filesystem::path& path) const {
  TensorFile file;
  put_parameters(file, network.layout(), weights);
  write_safetensors(path, file, Precision::half);
}

}  // namespace l2l
