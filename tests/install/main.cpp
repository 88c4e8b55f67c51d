// Loads a learned optimizer and uses it on a function of its own.
//   outside FILE     where to put the checkpoint that is then loaded
#include <cmath>
#include <cstdio>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/learned/fast/coordinate_optimizer.h"

namespace {

// The Rosenbrock function of two numbers: f(x, y) = (1 - x)² + 100 (y - x²)²
l2l::Var rosenbrock(l2l::Var theta) {
  const l2l::Var x = slice(theta, 0, 1), y = slice(theta, 1, 1);
  return sum(square(1 - x) + 100 * square(y - square(x)));
}

// Training takes longer than a test should: these weights are random.
void save_untrained(const char* path) {
  const l2l::CoordinateModel model{l2l::CoordinateConfig{}};
  std::vector<l2l::Real> phi(static_cast<std::size_t>(model.layout().size()));
  l2l::Rng rng(1);
  model.init(rng, phi);
  l2l::LearnedOptimizer{model, phi}.save(path);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return 2;
  save_untrained(argv[1]);

  l2l::CoordinateOptimizer optimizer(l2l::LearnedOptimizer::load(argv[1]));
  const std::vector<l2l::Real> start = {-1, 2};
  std::vector<l2l::Real> theta = start;
  optimizer.reset(l2l::Layout::flat(std::ssize(theta)));
  l2l::Tape tape;
  for (int step = 0; step < 10; ++step) {
    tape.clear();
    const l2l::Var x = tape.variable({2}, theta);
    tape.backward(rosenbrock(x));
    optimizer.step(x.gradient(), theta);
  }

  std::printf("theta = (%g, %g)\n", double(theta[0]), double(theta[1]));
  for (std::size_t k = 0; k < theta.size(); ++k) {
    if (!std::isfinite(theta[k]) || theta[k] == start[k]) return 1;
  }
} catch (const l2l::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
