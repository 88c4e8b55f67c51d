// What examples/torch is held against: the steps of learned optimizers, in double.
//   learned_steps FOLDER FILE...
// For checkpoints with random weights, one for each kind of feature and proposal, and for those given, it writes
// K.optimizer.safetensors and K.steps.safetensors. The latter holds `gradient.T.NAME` and `update.T.NAME` of each step
// and parameter; its metadata say which group a parameter is in, and whether it is a linear map.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "nn/files/safetensors.h"
#include "nn/parameters.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/learned/models.h"

using namespace l2l;

namespace {

constexpr int kSteps = 24;

/// A wide, a tall and a square map, a convolution, and numbers of one and two dimensions; in two groups, interleaved.
Layout parameters() {
  Layout layout;
  layout.add("wide", {3, 5}, "fc", Parameter::Kind::linear_map);
  layout.add("kernel", {4, 2, 3, 3}, "conv", Parameter::Kind::linear_map);
  layout.add("bias", {4}, "conv");
  layout.add("tall", {7, 2}, "fc", Parameter::Kind::linear_map);
  layout.add("square", {3, 3}, "conv", Parameter::Kind::linear_map);
  layout.add("table", {2, 3}, "fc");
  layout.add("number", {}, "fc");
  return layout;
}

/// Every kind of feature, proposal and layer. Weights are random, also where untrained ones are 0.
std::vector<LearnedOptimizer> random_optimizers(Rng& rng) {
  using enum Preprocess::Kind;
  std::vector<OptimizerModel> all;
  for (const NamedModel& model : models()) all.push_back(CoordinateModel(model.config));
  for (const CoordinateConfig& config : std::vector<CoordinateConfig>{
           {.layers = 1, .hidden = 6, .preprocess = {rescale, 0.3}},
           {.layers = 3, .hidden = 5, .preprocess = {none, 1}, .proposal = Proposal::Kind::squashed},
           {.layers = 1, .preprocess = {moments, 0.8}, .proposal = Proposal::Kind::anchored},
           {.layers = 0, .preprocess = {timescales, 1}, .proposal = Proposal::Kind::anchored, .decay = 0.3, .dense = 1},
           {.layers = 1, .preprocess = {orthogonal, 1}},
       }) {
    all.push_back(CoordinateModel(config));
  }
  all.push_back(OptimizerModel(
      {{"conv", CoordinateModel(find_model("lstm").config)}, {"fc", CoordinateModel(find_model("anchored").config)}}));
  std::vector<LearnedOptimizer> optimizers;
  for (const OptimizerModel& model : all) {
    std::vector<Real> phi(model.layout().size());
    rng.fill_normal(phi, 0, 0.3);
    optimizers.push_back({model, phi});
  }
  return optimizers;
}

/// Of all sizes, some of them 0.
std::vector<Real> random_gradient(Rng& rng, const Layout& layout, int step) {
  std::vector<Real> gradient(layout.size());
  for (Real& g : gradient) {
    g = rng.below(8) == 0 ? 0 : static_cast<Real>(rng.normal() * std::pow(10, 8 * rng.uniform() - 7));
  }
  if (step < 2) std::ranges::fill(layout.find("wide").in(std::span(gradient)), Real(0));
  return gradient;
}

TensorFile steps(const LearnedOptimizer& learned, const Layout& layout, Rng& rng) {
  TensorFile file;
  for (const Parameter& p : layout.parameters()) {
    file.metadata["group of " + p.name] = p.group;
    file.metadata["map of " + p.name] = p.kind == Parameter::Kind::linear_map ? "yes" : "no";
  }
  const auto optimizer = make_optimizer(learned);
  optimizer->reset(layout);
  for (int t = 0; t < kSteps; ++t) {
    const std::vector<Real> gradient = random_gradient(rng, layout, t);
    std::vector<Real> update(layout.size());  // from θ = 0
    optimizer->step(gradient, update);
    put_parameters(file, layout, gradient, "gradient." + std::to_string(t) + ".");
    put_parameters(file, layout, update, "update." + std::to_string(t) + ".");
  }
  return file;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) return 2;
  Rng rng(1);
  std::vector<LearnedOptimizer> optimizers = random_optimizers(rng);
  for (int k = 2; k < argc; ++k) optimizers.push_back(LearnedOptimizer::load(argv[k]));
  const Layout layout = parameters();
  for (std::size_t k = 0; k < optimizers.size(); ++k) {
    const std::string path = std::string(argv[1]) + "/" + std::to_string(k);
    optimizers[k].save(path + ".optimizer.safetensors");
    write_safetensors(path + ".steps.safetensors", steps(optimizers[k], layout, rng));
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
