// The feature network of neural_art: random filters, or filters that are trained without labels.
//
//     train_features OUT.safetensors [STEPS [FOLDER]]
//
// Without STEPS the filters stay random. Ustyuzhaninov et al. 2017 found that this is enough for textures, if there are
// enough filters. It is here, too: the network of the library was made by  train_features features.safetensors.
// optimizees/neural_art/README.md compares the two.
//
// With STEPS they are trained: a square is cut out of a photograph and turned by 0, 90, 180 or 270 degrees, and the
// network has to say by how much (Gidaris, Singh & Komodakis 2018). For that it needs edges, textures and the look of
// things. FOLDER holds the photographs; by default it is that of Debian's lomiri-wallpapers-16.04 and -20.04.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <string>
#include <utility>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "autodiff/ops.h"
#include "nn/files/atomic_file.h"
#include "optim/rules.h"
#include "optimizees/data/picture.h"
#include "optimizees/neural_art/features.h"

using namespace l2l;

namespace {

// The first layers of a VGG network at half the width.
const FeatureNetwork::Blocks kBlocks = {{32, 32}, {64, 64}, {64}};
constexpr std::uint64_t kSeed = 3;
constexpr Index kSide = 48, kBatch = 32, kTurns = 4;
constexpr Index kShorterSides[] = {64, 96, 144, 216};  // a photograph at several sizes: small things and large ones
constexpr int kHeldOut = 6;  // every sixth photograph is only for testing
constexpr double kLearningRate = 0.001;

/// A batch of squares, each turned by a number of quarters.
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

/// Logits of the four turns, [kBatch, 4], from the mean over pixels of the deepest features.
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

/// Trains θ, the network's weights and then `last`.
void train(const FeatureNetwork& network, const Parameter& last, Rng& rng, const std::string& folder, int steps,
           std::vector<Real>& theta) {
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

  std::vector<Real> gradient(theta.size());
  const Shape shape = {static_cast<Index>(theta.size())};
  Adam adam(kLearningRate);
  adam.reset(Layout::flat(shape[0]));
  Tape tape;
  double loss_sum = 0, right = 0, test_right = 0;
  constexpr int kReport = 25;
  for (int step = 1; step <= steps; ++step) {
    adam.set_learning_rate(kLearningRate * (1 + std::cos(std::numbers::pi * step / steps)) / 2);
    const Batch batch = draw(training, rng);
    std::ranges::fill(gradient, Real(0));
    tape.clear();
    const Var scores = logits(network, last, tape, tape.leaf(shape, theta.data(), gradient.data()), batch);
    const Var loss = softmax_cross_entropy(scores, batch.turns);
    tape.backward(loss);
    adam.step(gradient, theta);
    loss_sum += loss.item() / kReport;
    right += accuracy(scores, batch) / kReport;

    const Batch unseen = draw(testing, rng);
    tape.clear();
    test_right += accuracy(logits(network, last, tape, tape.leaf(shape, theta.data()), unseen), unseen) / kReport;
    if (step % kReport != 0) continue;
    std::printf("step %d/%d  loss %.3f  right %.0f%%, on photographs held out %.0f%%\n", step, steps, loss_sum,
                100 * right, 100 * test_right);
    std::fflush(stdout);
    loss_sum = right = test_right = 0;
  }
}

void make(const std::string& out, const std::string& folder, int steps) {
  if (std::filesystem::exists(out)) throw Error(out, ": exists already; name another file");
  check_writable(out);  // before the work
  const FeatureNetwork network(kBlocks, Pooling::average);
  Layout layout = network.layout();
  const Index size = layout.size();
  const Parameter last = layout.add("turns", {kTurns, kBlocks.back().back()});
  std::vector<Real> theta(layout.size());
  Rng rng(kSeed);
  network.init(rng, std::span(theta).first(size));
  if (steps > 0) train(network, last, rng, folder, steps, theta);
  Features{network, {theta.begin(), theta.begin() + size}}.save(out);
  std::printf("%s\n", out.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    int steps = 0;
    const std::string number = argc > 2 ? argv[2] : "0";
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), steps);
    if (argc < 2 || argc > 4 || error != std::errc() || *end != '\0' || steps < 0) {
      throw UsageError("usage: OUT.safetensors [STEPS [FOLDER]], STEPS from 0 on");
    }
    make(argv[1], argc > 3 ? argv[3] : "/usr/share/backgrounds", steps);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "train_features: %s\n", error.what());
    return dynamic_cast<const UsageError*>(&error) ? 2 : 1;
  }
}
