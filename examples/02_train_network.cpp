// A network that learns to classify pictures of clothes: a tape, two layers, ADAM, and images.
//
//     02_train_network [--data DIR] [--optimizer FILE]
//
// DIR holds MNIST's four files, or others in their format; FILE a learned optimizer, to be used in place of ADAM.
//
// The parameters of the network are one flat vector θ. An optimizer knows nothing about networks: it gets the gradient
// and changes θ. In the next program the optimizer is learned.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string_view>
#include <vector>

#include "autodiff/error.h"
#include "nn/layers.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/rules.h"
#include "optimizees/data/idx.h"
#include "optimizees/data/image_batch.h"

using namespace l2l;

namespace {

constexpr Index kBatch = 128;
constexpr int kEpochs = 5;

/// The classes of the images with the given numbers.
std::vector<int> classes_of(const ImageSet& set, std::span<const Index> numbers) {
  std::vector<int> classes;
  for (const Index n : numbers) classes.push_back(set.labels[n]);
  return classes;
}

/// The numbers of all images of a set, 0 … count - 1.
std::vector<Index> all_of(const ImageSet& set) {
  std::vector<Index> numbers(set.count());
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

/// The share of images for which the largest output is that of their class.
double accuracy(const Mlp& network, std::span<const Real> theta, const ImageSet& set) {
  Tape tape;
  const std::vector<Index> numbers = all_of(set);
  Index right = 0;
  for (Index first = 0; first < set.count(); first += kBatch) {
    const auto batch = std::span(numbers).subspan(first, std::min(kBatch, set.count() - first));
    tape.clear();
    const Var weights = tape.leaf({Index(theta.size())}, theta.data());  // no gradient wanted: a constant
    const Var logits = network(weights, image_batch(tape, set, batch));  // [batch, 10]
    for (std::size_t k = 0; k < batch.size(); ++k) {
      const auto row = logits.values().subspan(k * ImageSet::kClasses, ImageSet::kClasses);
      right += std::max_element(row.begin(), row.end()) - row.begin() == set.labels[batch[k]];
    }
  }
  return double(right) / double(set.count());
}

/// `file`: a learned optimizer; nullptr: ADAM.
void train(const char* folder, const char* file) {
  std::unique_ptr<Optimizer> optimizer = std::make_unique<Adam>(0.002);
  if (file) optimizer = make_optimizer(LearnedOptimizer::load(file));
  std::printf("reading images from %s\n", folder);
  const ImageSet images = read_idx(folder, DataPart::train), test = read_idx(folder, DataPart::test);

  // A layer adds its weights to a layout and is a function of (θ, input); θ itself is ours.
  Layout layout;
  const Mlp network(layout, "mlp", {images.pixels_per_image(), 64, ImageSet::kClasses}, Activation::relu);
  std::vector<Real> theta(layout.size()), gradient(layout.size());
  Rng rng(0);
  network.init(rng, theta);
  std::printf("%td images, %td for testing; a network of %td parameters\n\n", images.count(), test.count(),
              layout.size());

  optimizer->reset(layout);
  Tape tape;
  std::vector<Index> order = all_of(images);
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    for (Index k = images.count(); k > 1; --k) std::swap(order[k - 1], order[rng.below(k)]);  // shuffle
    double total = 0;
    const Index batches = images.count() / kBatch;
    for (Index b = 0; b < batches; ++b) {
      const auto batch = std::span(order).subspan(b * kBatch, kBatch);
      // One step: the loss on a fresh tape, its gradient, an update. `backward` adds to a gradient, so it starts at 0.
      tape.clear();
      std::fill(gradient.begin(), gradient.end(), Real(0));
      const Var weights = tape.leaf({layout.size()}, theta.data(), gradient.data());
      const Var logits = network(weights, image_batch(tape, images, batch));
      const Var loss = softmax_cross_entropy(logits, classes_of(images, batch));
      tape.backward(loss);
      optimizer->step(gradient, theta);

      total += loss.item();
      if (b % 50 == 0) {
        std::printf("\repoch %d   batch %3td of %td   loss %.3f ", epoch, b, batches, total / double(b + 1));
        std::fflush(stdout);
      }
    }
    std::printf("\repoch %d   loss %.3f   %.1f %% of the test images right\n", epoch, total / double(batches),
                100 * accuracy(network, theta, test));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char *folder = "/usr/share/datasets/fashion-mnist", *file = nullptr;
  for (int k = 1; k < argc; k += 2) {
    const std::string_view flag = argv[k];
    if (k + 1 == argc || (flag != "--data" && flag != "--optimizer")) {
      std::fprintf(stderr, "usage: %s [--data DIR] [--optimizer FILE]\n", argv[0]);
      return 2;
    }
    (flag == "--data" ? folder : file) = argv[k + 1];
  }
  try {
    train(folder, file);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
