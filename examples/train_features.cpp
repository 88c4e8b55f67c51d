// A network that learns to see without being told what there is: the small feature network of neural_art.
//
//     train_features OUT.safetensors [FOLDER [STEPS]]
//
// A square is cut out of a photograph and turned by 0, 90, 180 or 270 degrees, and the network has to say by how much
// (Gidaris, Singh & Komodakis 2018). To know which way is up it needs edges, textures and what things look like, and
// these are the features by which styles are told apart. The labels cost nothing. FOLDER holds the photographs (where
// Debian's lomiri-wallpapers-16.04 and -20.04 put theirs, unless given). The network that comes with the library was
// made by  train_features features.safetensors  on both packages.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <string>
#include <utility>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "nn/features.h"
#include "optim/rules.h"
#include "optimizees/data/picture.h"

using namespace l2l;

namespace {

// The first four blocks of VGG-19 at a quarter of the width.
const FeatureNetwork::Blocks kBlocks = {{16, 16}, {32, 32}, {64, 64, 64, 64}, {128, 128, 128, 128}};
constexpr Index kSide = 48, kBatch = 32, kTurns = 4;
constexpr Index kShorterSides[] = {64, 96, 144, 216};  // a photograph at several sizes: small things and large ones
constexpr int kHeldOut = 6;  // every sixth photograph is only for testing
constexpr double kLearningRate = 0.001;

/// A batch of squares, each turned, and by how many quarters.
struct Batch {
  std::vector<Real> pixels;  // [kBatch, 3, kSide, kSide]
  std::vector<int> turns;
};

Batch draw(const std::vector<Picture>& pictures, Rng& rng) {
  Batch batch;
  batch.pixels.reserve(kBatch * 3 * kSide * kSide);
  for (Index n = 0; n < kBatch; ++n) {
    const Picture& p = pictures[rng.below(static_cast<Index>(pictures.size()))];
    const Index top = rng.below(p.height - kSide + 1), left = rng.below(p.width - kSide + 1);
    const bool mirrored = rng.below(2) == 1;
    const int turns = static_cast<int>(rng.below(kTurns));
    batch.turns.push_back(turns);
    for (Index c = 0; c < 3; ++c) {
      for (Index i = 0; i < kSide; ++i) {
        for (Index j = 0; j < kSide; ++j) {
          Index y = i, x = j;
          for (int k = 0; k < turns; ++k) y = std::exchange(x, kSide - 1 - y);
          if (mirrored) x = kSide - 1 - x;
          batch.pixels.push_back(p.pixels[(c * p.height + top + y) * p.width + left + x]);
        }
      }
    }
  }
  return batch;
}

/// Scores of the four turns, [kBatch, 4], from the mean over pixels of the deepest features.
Var logits(const FeatureNetwork& network, const Parameter& last, Tape& tape, Var theta, const Batch& batch) {
  std::vector<Var> activations;
  network(slice(theta, 0, network.layout().size()), tape.leaf({kBatch, 3, kSide, kSide}, batch.pixels.data()),
          network.depth(), activations);
  const Var x = activations.back();
  const Var means = avg_pool2d(x, std::min(x.shape[2], x.shape[3]));
  return matmul(reshape(means, {kBatch, x.shape[1]}), last.in(theta), Trans::no, Trans::yes);
}

/// The share of right answers.
double accuracy(Var scores, const Batch& batch) {
  double right = 0;
  for (Index n = 0; n < kBatch; ++n) {
    const auto row = scores.values().subspan(n * kTurns, kTurns);
    right += std::max_element(row.begin(), row.end()) - row.begin() == batch.turns[n];
  }
  return right / kBatch;
}

void train(const std::string& out, const std::string& folder, int steps) {
  if (std::filesystem::exists(out)) throw Error(out, ": exists already; name another file");
  std::vector<Picture> training, testing;
  int number = 0;
  for (const auto& file : pictures_in(folder)) {
    for (const Index side : kShorterSides) {
      (number % kHeldOut == 0 ? testing : training).push_back(read_picture(file, side));
    }
    ++number;
  }
  if (training.empty()) throw Error(folder, ": at least two photographs are needed");
  std::printf("%d photographs, one in %d held out\n", number, kHeldOut);

  const FeatureNetwork network(kBlocks, Pooling::average);
  Layout layout = network.layout();
  const Parameter last = layout.add("turns", {kTurns, kBlocks.back().back()});
  std::vector<Real> theta(layout.size()), gradient(layout.size());
  Rng rng(0);
  network.init(rng, std::span(theta).first(network.layout().size()));

  Adam adam(kLearningRate);
  adam.reset(layout.size());
  Tape tape;
  double loss_sum = 0, right = 0, test_right = 0;
  constexpr int kReport = 25;
  for (int step = 1; step <= steps; ++step) {
    adam.set_learning_rate(kLearningRate * (1 + std::cos(std::numbers::pi * step / steps)) / 2);
    const Batch batch = draw(training, rng);
    std::ranges::fill(gradient, Real(0));
    tape.clear();
    const Var scores = logits(network, last, tape, tape.leaf({layout.size()}, theta.data(), gradient.data()), batch);
    const Var loss = softmax_cross_entropy(scores, batch.turns);
    tape.backward(loss);
    adam.step(gradient, theta);
    loss_sum += loss.item() / kReport;
    right += accuracy(scores, batch) / kReport;

    const Batch unseen = draw(testing, rng);
    tape.clear();
    test_right +=
        accuracy(logits(network, last, tape, tape.leaf({layout.size()}, theta.data()), unseen), unseen) / kReport;
    if (step % kReport != 0) continue;
    std::printf("step %d/%d  loss %.3f  right %.0f%%, on photographs held out %.0f%%\n", step, steps, loss_sum,
                100 * right, 100 * test_right);
    std::fflush(stdout);
    loss_sum = right = test_right = 0;
  }
  Features{network, {theta.begin(), theta.begin() + network.layout().size()}}.save(out);
  std::printf("%s\n", out.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int steps = argc > 3 ? std::atoi(argv[3]) : 1500;
    if (argc < 2 || argc > 4 || steps < 1) throw UsageError("usage: OUT.safetensors [FOLDER [STEPS]], STEPS from 1 on");
    train(argv[1], argc > 2 ? argv[2] : "/usr/share/backgrounds", steps);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "train_features: %s\n", error.what());
    return dynamic_cast<const UsageError*>(&error) ? 2 : 1;
  }
}
