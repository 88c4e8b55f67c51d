// A learned optimizer in use: it trains a network that it was not trained on, beside ADAM with a tuned learning rate.
//
//     04_use_it [OPTIMIZER.safetensors [DIR]]      DIR holds MNIST's four files, or others in their format
//
// It is loaded, reset and stepped like any other, and has nothing to tune. `l2l compare` does the same many times over.
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

#include "autodiff/error.h"
#include "nn/layers.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/rules.h"
#include "optimizees/data/idx.h"
#include "optimizees/data/image_batch.h"

using namespace l2l;

constexpr int kBatch = 128, kSteps = 500, kLast = 50;  // rates are judged by the mean of so many last losses

/// A network of 32 rectified units, and its images. 02_train_network has the same with more words.
struct Problem {
  ImageSet images, test;
  Layout layout;
  Mlp network;

  explicit Problem(const char* folder)
      : images(read_idx(folder, DataPart::train)),
        test(read_idx(folder, DataPart::test)),
        network(layout, "mlp", {images.pixels_per_image(), 32, ImageSet::kClasses}, Activation::relu) {}

  /// The mean loss of some images of a set. `right`: for how many the largest output is that of their class.
  Var loss(Var theta, const ImageSet& set, const std::vector<Index>& numbers, Index* right = nullptr) const {
    const Var logits = network(theta, image_batch(*theta.tape, set, numbers));  // [numbers, classes]
    std::vector<int> classes;
    for (const Index n : numbers) {
      const auto row = logits.values().subspan(classes.size() * ImageSet::kClasses, ImageSet::kClasses);
      classes.push_back(set.labels[n]);
      if (right) *right += std::ranges::max_element(row) - row.begin() == classes.back();
    }
    return softmax_cross_entropy(logits, classes);
  }
};

/// Trains from scratch with each optimizer: all from one start, on the same minibatches, both drawn by the seed. Prints
/// how they do on the test images, if wanted. Returns the mean of the last losses of each.
std::vector<double> train(const Problem& problem, const std::vector<Optimizer*>& optimizers, int seed, bool print) {
  Rng rng(seed);
  std::vector<std::vector<Real>> theta(optimizers.size(), std::vector<Real>(problem.layout.size()));
  problem.network.init(rng, theta[0]);
  std::ranges::fill(theta, theta[0]);
  for (Optimizer* optimizer : optimizers) optimizer->reset(problem.layout);
  std::vector<double> last(optimizers.size());
  std::vector<Index> batch(kBatch), all(problem.test.count());
  std::iota(all.begin(), all.end(), 0);
  Tape tape;
  for (int step = 0; step <= kSteps; ++step) {
    if (print && (step == 20 || step == 50 || step % 100 == 0)) {
      std::printf("%6d", step);
      for (const std::vector<Real>& x : theta) {
        Index right = 0;
        tape.clear();
        const Var loss = problem.loss(tape.leaf({problem.layout.size()}, x.data()), problem.test, all, &right);
        std::printf("%8.3f %7.1f %%", loss.item(), 100 * double(right) / double(all.size()));
      }
      std::printf("\n");
    }
    for (Index& n : batch) n = rng.below(problem.images.count());
    for (std::size_t k = 0; k < optimizers.size(); ++k) {
      tape.clear();
      const Var x = tape.variable({problem.layout.size()}, theta[k]), loss = problem.loss(x, problem.images, batch);
      tape.backward(loss);
      if (step > kSteps - kLast) last[k] += loss.item() / kLast;
      optimizers[k]->step(x.gradient(), theta[k]);
    }
  }
  return last;
}

int main(int argc, char** argv) try {
  if (argc > 3) throw Error("usage: 04_use_it [OPTIMIZER.safetensors [DIR]]");
  const char* const file = argc > 1 ? argv[1] : "examples/trained/general/optimizer.safetensors";
  const auto learned = make_optimizer(LearnedOptimizer::load(file));
  const Problem problem(argc > 2 ? argv[2] : "/usr/share/datasets/fashion-mnist");
  const std::vector<double> rates = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05};
  std::vector<Adam> adams(rates.begin(), rates.end());
  std::vector<Optimizer*> sweep;
  for (Adam& adam : adams) sweep.push_back(&adam);
  const std::vector<double> losses = train(problem, sweep, 1, false);  // another start, other minibatches
  const auto best = std::ranges::min_element(losses) - losses.begin();
  for (std::size_t k = 0; k < rates.size(); ++k) std::printf("tuning: rate %-6g  loss %.3f\n", rates[k], losses[k]);
  std::printf("\nOn the test images\n        ADAM, rate %-6g     learned\n  step    loss   right     loss   right\n",
              rates[best]);
  train(problem, {&adams[best], learned.get()}, 0, true);
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
