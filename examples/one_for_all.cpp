// One learned optimizer, with nothing to tune, on ten families of functions; beside ADAM with the one learning rate
// that is best over all ten. examples/trained/general never saw the last four.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "autodiff/error.h"
#include "examples/robust_regression.h"
#include "optim/evaluate.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/rules.h"
#include "optimizees/registry.h"

using namespace l2l;

namespace {

constexpr int kLast = 10;  // a result is the mean of so many last losses

struct NamedFamily {
  std::string name;
  Family family;
};

Family make(const char* name, const OptionValues& options = {}) {
  return make_optimizee(find_optimizee(name), options);
}

/// Six kinds that `general` was trained on (these are other functions of them), and four that it never saw.
std::vector<NamedFamily> families() {
  return {
      {"sigmoid network", make("mnist")},
      {"40 sigmoid units", make("mnist", {{"units", "40"}})},
      {"ReLU network", make("mnist", {{"activation", "relu"}})},
      {"ReLU, 2 layers of 40", make("mnist", {{"activation", "relu"}, {"depth", "2"}, {"units", "40"}})},
      {"convolutions", make("cifar10", {{"channels", "8"}, {"kernel", "3"}})},
      {"quadratic", make("quadratic", {{"batch", "16"}})},
      {"new: logistic regr.", make("mnist", {{"depth", "0"}})},
      {"new: 3 tanh layers", make("mnist", {{"activation", "tanh"}, {"depth", "3"}})},
      {"new: autoencoder", make("autoencoder")},
      {"new: robust regr.", Family([](Rng& rng, Split) { return std::make_unique<RobustRegression>(rng); })},
  };
}

/// The result on each function of a family, infinite where it diverged.
std::vector<double> results(const OptimizerFactory& optimizer, const Family& family, const EvaluateOptions& options) {
  std::vector<double> ends;
  for (const std::vector<double>& losses : evaluate(optimizer, family, options).losses) {
    ends.push_back(mean(std::span(losses).last(kLast)));
  }
  return ends;
}

/// The learning rate of ADAM with the lowest geometric mean over all families, on validation functions.
double one_rate_for_all(const std::vector<NamedFamily>& all, EvaluateOptions options) {
  options.split = Split::validation;
  options.functions = std::max(2, options.functions / 3);  // of each family
  double best_rate = 0, best = INFINITY;
  for (int k = -14; k <= 0; ++k) {
    const double rate = std::pow(10, k / 4.0);
    double logarithms = 0;
    for (const NamedFamily& f : all) {
      const double end = mean(results([=] { return std::make_unique<Adam>(rate); }, f.family, options));
      logarithms += std::isfinite(end) ? std::log(end) : INFINITY;
    }
    if (logarithms < best) best = logarithms, best_rate = rate;
    std::fprintf(stderr, "ADAM with the rate %.3g: geometric mean %.4g\n", rate,
                 std::exp(logarithms / static_cast<double>(all.size())));
  }
  return best_rate;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: one_for_all OPTIMIZER.safetensors [STEPS] [FUNCTIONS]   (200 steps, 8 functions)\n");
    return 2;
  }
  const LearnedOptimizer learned = LearnedOptimizer::load(argv[1]);
  EvaluateOptions options{.functions = argc > 3 ? std::atoi(argv[3]) : 8, .steps = argc > 2 ? std::atoi(argv[2]) : 200};
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  if (options.steps < kLast || options.functions < 2) throw UsageError("at least 10 steps and 2 functions are needed");
  const std::vector<NamedFamily> all = families();
  const double rate = one_rate_for_all(all, options);

  std::printf("mean of the last %d of %d losses, on %d held-out functions each\n\n", kLast, options.steps,
              options.functions);
  std::printf("%-22s %10s %14s   %s\n", "family", "learned", "ADAM", "difference in pairs");
  int wins = 0;
  for (const NamedFamily& f : all) {
    const std::vector<double> a = results([&] { return make_optimizer(learned); }, f.family, options);
    const std::vector<double> b = results([=] { return std::make_unique<Adam>(rate); }, f.family, options);
    std::vector<double> differences;
    for (std::size_t k = 0; k < a.size(); ++k) differences.push_back(a[k] - b[k]);
    wins += mean(differences) < 0;
    std::printf("%-22s %10.4g %14.4g   %9.2g ± %.1g\n", f.name.c_str(), mean(a), mean(b), mean(differences),
                standard_error(differences));
  }
  std::printf("\nlower than ADAM with the rate %.3g in %d of %zu\n", rate, wins, all.size());
} catch (const std::exception& error) {
  std::fprintf(stderr, "one_for_all: %s\n", error.what());
  return 1;
}
