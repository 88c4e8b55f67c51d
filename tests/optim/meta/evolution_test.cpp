#include "optim/meta/evolution.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "tests/optim/families.h"
#include "tests/tolerance.h"

namespace l2l::evolution_test {

using namespace l2l::testing;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Losses = std::vector<std::pair<double, double>>;

const Family bowl = bowls(5, 0.05);

/// An optimizer that has learned nothing yet, and so hardly moves.
LearnedOptimizer untrained() {
  const CoordinateModel model({1, 6, {}, 0.1});
  std::vector<Real> phi(model.layout().size());
  Rng rng(4);
  model.init(rng, phi);
  return {model, phi};
}

EvolutionConfig short_search() {
  EvolutionConfig config;
  config.iterations = 12;
  config.pairs = 8;
  config.steps = 20;
  config.last = 3;
  config.deviation = 0.05;
  config.learning_rate = 0.1;
  config.validate_every = 4;
  config.validation_functions = 4;
  config.seed = 3;
  return config;
}

std::vector<EvolutionReport> run(Evolution& evolution) {
  std::vector<EvolutionReport> reports;
  while (!evolution.done()) reports.push_back(evolution.run_iteration());
  return reports;
}

}  // namespace

TEST_CASE("evolution: along the axes the estimate of a linear function's gradient is exact") {
  const std::vector<double> slope = {3, -0.5, 0};
  const double deviation = 0.1, length = deviation * std::sqrt(3.0);
  std::vector<std::vector<Real>> changes(3, std::vector<Real>(3, 0));
  std::vector<double> differences;
  for (int p = 0; p < 3; ++p) {
    changes[p][p] = static_cast<Real>(length);
    differences.push_back(2 * length * slope[p]);  // L(φ + ε) - L(φ - ε)
  }
  std::vector<Real> gradient = {1, 1, 1};  // it is added to
  add_antithetic_gradient(differences, changes, deviation, gradient);
  for (int i = 0; i < 3; ++i) CHECK(gradient[i] == rounded(1 + slope[i], 8, 4));
}

TEST_CASE("evolution: with random changes the estimate is the gradient on average") {
  // L(φ) = Σ_i a_i φ_i² at φ = (1, 2, -1): even terms drop out of a pair's difference, ∇L = 2 a φ.
  const std::vector<double> a = {1, 0.5, 3}, phi = {1, 2, -1};
  const auto loss = [&](const std::vector<Real>& change, double sign) {
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += a[i] * (phi[i] + sign * change[i]) * (phi[i] + sign * change[i]);
    return sum;
  };
  Rng rng(1);
  std::vector<std::vector<Real>> changes(20000, std::vector<Real>(3));
  std::vector<double> differences;
  for (std::vector<Real>& change : changes) {
    rng.fill_normal(change, 0, 0.3);
    differences.push_back(loss(change, 1) - loss(change, -1));
  }
  std::vector<Real> gradient(3, 0);
  add_antithetic_gradient(differences, changes, 0.3, gradient);
  // Four standard errors: the variance of a component of g is (‖g‖² + g_i²) / 20000.
  for (int i = 0; i < 3; ++i) {
    const double g = 2 * a[i] * phi[i];
    CHECK(gradient[i] == Near(g, 4 * std::sqrt((4 + 4 + 36 + g * g) / 20000)));
  }
}

namespace {
/// `count` estimates at an untrained optimizer's weights, and the mean losses that they report.
struct Estimates {
  std::vector<std::vector<Real>> gradients;
  std::vector<double> losses;
};
Estimates estimate(const EstimatorConfig& config, int count) {
  const LearnedOptimizer learned = untrained();
  const auto estimator = make_estimator(config, bowl, free_weights(learned.model, false));
  Estimates result;
  for (int k = 0; k < count; ++k) {
    std::vector<Real>& gradient = result.gradients.emplace_back(learned.phi.size(), Real(0));
    result.losses.push_back(estimator->add_gradient(learned, gradient));
  }
  return result;
}
}  // namespace

TEST_CASE("evolution: with a window as long as the trajectories, noise reuse is whole trajectories") {
  EstimatorConfig config{.pairs = 4, .steps = 12, .last = 12, .deviation = 0.05, .seed = 3};
  const Estimates whole = estimate(config, 3);
  config.window = 12;
  const Estimates reused = estimate(config, 3);
  for (std::size_t k = 0; k < 3; ++k) {
    // The mean of 12 losses, summed in double in another order; a difference of two such is some 1e-2 of them.
    CHECK(reused.losses[k] == rounded<double>(whole.losses[k], 24, whole.losses[k]));
    const double largest = std::ranges::max(whole.gradients[k], {}, [](Real x) { return std::abs(x); });
    for (std::size_t i = 0; i < whole.gradients[k].size(); ++i) {
      CHECK(reused.gradients[k][i] == Near(whole.gradients[k][i], 100 * kUnit<> * std::abs(largest)));
    }
  }
}

TEST_CASE("evolution: noise reuse goes on where the last window ended, with the same noise until the end") {
  // One pair, trajectories of three windows: no staggering.
  const EstimatorConfig whole{.pairs = 1, .steps = 12, .last = 12, .deviation = 0.05, .seed = 3};
  EstimatorConfig windows = whole;
  windows.window = 4;
  const Estimates once = estimate(whole, 2), often = estimate(windows, 6);
  for (std::size_t k = 0; k < 2; ++k) {
    const double mean_loss = (often.losses[3 * k] + often.losses[3 * k + 1] + often.losses[3 * k + 2]) / 3;
    CHECK(mean_loss == rounded<double>(once.losses[k], 30, once.losses[k]));
  }
  // An estimate of one pair is a multiple of its noise: parallel within a trajectory, not beyond.
  const auto cosine = [&](std::size_t a, std::size_t b) {
    const std::vector<Real>&x = often.gradients[a], &y = often.gradients[b];
    double xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) xy += static_cast<double>(x[i]) * y[i];
    return std::abs(xy) / (norm(x) * norm(y));
  };
  CHECK(cosine(0, 1) == Near(1.0, 1e-5));
  CHECK(cosine(1, 2) == Near(1.0, 1e-5));
  CHECK(cosine(2, 3) < 0.9);
}

TEST_CASE("evolution: noise reuse begins its trajectories at different times, and gives the same for any threads") {
  EstimatorConfig config{.pairs = 6, .steps = 12, .window = 3, .deviation = 0.05, .seed = 5};
  const Estimates one = estimate(config, 9);
  for (const int threads : {2, 5}) {
    config.threads = threads;
    const Estimates many = estimate(config, 9);
    CHECK(many.losses == one.losses);
    CHECK(many.gradients == one.gradients);
  }
}

TEST_CASE("evolution: differences are relative, bounded, and know losses that are not finite") {
  CHECK(relative_differences(Losses{{3, 1}, {1, 3}, {30, 10}}) == std::vector<double>{1, -1, 1});
  CHECK(relative_differences(Losses{{0, 0}}) == std::vector<double>{0});
  CHECK(relative_differences(Losses{{-1, -3}, {-3, -1}}) == std::vector<double>{1, -1});
  // Sizes 0.1, 0.1, 0.1 and 2: the last one is cut to three times the median.
  const auto cut = relative_differences(Losses{{1.05, 0.95}, {0.95, 1.05}, {1.05, 0.95}, {kInfinity, 1}});
  CHECK(cut[0] == rounded<double>(0.1, 4, 1));
  CHECK(cut[3] == rounded<double>(0.3, 12, 1));
  CHECK(relative_differences(Losses{{1, kInfinity}, {kInfinity, kInfinity}, {NAN, 1}}) ==
        std::vector<double>{-2, 0, 2});
  // Those that say nothing do not silence the others.
  CHECK(relative_differences(Losses{{kInfinity, kInfinity}, {5, 5}, {NAN, kInfinity}, {3, 1}}) ==
        std::vector<double>{0, 0, 0, 1});
}

TEST_CASE("evolution: with a shortest trajectory, lengths are log-uniform up to the longest") {
  // In windows of 1 step from 1 to 8, rounded up: 8^u for u in [0, 1), so P(length ≤ k) = ln k / ln 8. One pair has the
  // same noise, and estimates that are multiples of it, until its trajectory ends.
  const EstimatorConfig config{.pairs = 1, .steps = 8, .window = 1, .shortest = 1, .deviation = 0.05, .seed = 3};
  const Estimates estimates = estimate(config, 1500);
  std::vector<int> counts(9, 0);
  int trajectories = 0, length = 1;
  for (std::size_t k = 1; k < estimates.gradients.size(); ++k) {
    const std::vector<Real>&a = estimates.gradients[k - 1], &b = estimates.gradients[k];
    double ab = 0;
    for (std::size_t i = 0; i < a.size(); ++i) ab += static_cast<double>(a[i]) * b[i];
    if (std::abs(ab) > 0.99 * norm(a) * norm(b)) {
      ++length;
      continue;
    }
    REQUIRE(length <= 8);
    ++counts[length];
    ++trajectories;
    length = 1;
  }
  double below = 0;
  for (int k = 1; k <= 8; ++k) {
    const double p = std::log(k) / std::log(8) - below;
    below += p;
    CAPTURE(k, trajectories);  // four standard errors of a count
    CHECK(counts[k] == Near(p * trajectories, 4 * std::sqrt(p * (1 - p) * trajectories) + 1e-9));
  }
}

TEST_CASE("evolution: a validation of several lengths is the geometric mean of their losses") {
  EvolutionConfig config = short_search();
  config.window = config.shortest = 5;
  Evolution evolution(untrained(), bowl, bowl, config);
  const EvaluateOptions options{.split = Split::validation, .functions = 4, .steps = 20, .seed = 3};
  const Curves curves = evaluate([] { return make_optimizer(untrained()); }, bowl, options);
  double product = 1;
  for (const int step : {5, 10, 20}) product *= curves.sum(step - 2, step) / 3;  // the last 3 each
  CHECK(evolution.validate_start() == rounded<double>(std::cbrt(product), 20, 1));
}

TEST_CASE("evolution: biases and output layer of each LSTM are free, and no more, or all weights") {
  const CoordinateModel lstm({2, 3, {}, 0.1});
  const OptimizerModel model({{"conv", lstm}, {"norm", FixedRule{"adam", 0.01}}, {"fc", lstm}});
  std::vector<std::string> names;
  Index count = 0;
  for (const auto& [first, size] : free_weights(model, false)) {
    const Parameter& parameter = model.layout().at(first);
    CHECK(parameter.offset == first);
    CHECK(parameter.shape.size() == size);
    names.push_back(parameter.name);
    count += size;
  }
  CHECK(names == std::vector<std::string>{"conv.lstm.bias_l0", "conv.lstm.bias_l1", "conv.output.weight",
                                          "conv.output.bias", "fc.lstm.bias_l0", "fc.lstm.bias_l1", "fc.output.weight",
                                          "fc.output.bias"});
  CHECK(count == 2 * (2 * 12 + 3 + 1));
  const auto all = free_weights(model, true);
  REQUIRE(all.size() == 1);
  CHECK(all[0].first == 0);
  CHECK(all[0].count == model.layout().size());
}

TEST_CASE("evolution: teaches an optimizer that does nothing to descend, with its free weights alone") {
  const LearnedOptimizer start = untrained();
  Evolution evolution(start, bowl, bowl, short_search());
  const double before = evolution.validate_start();
  CHECK(evolution.validate([&] { return make_optimizer(start); }) == before);
  const auto reports = run(evolution);
  CHECK(reports.size() == 12);
  CHECK(evolution.best_validation() < 0.6 * before);
  CHECK(reports.back().loss < 0.8 * reports.front().loss);

  // What is kept is what the best validation saw.
  const EvaluateOptions options{.split = Split::validation, .functions = 4, .steps = 20, .seed = 3};
  const LearnedOptimizer best = evolution.best();
  const Curves curves = evaluate([&] { return make_optimizer(best); }, bowl, options);
  CHECK(curves.sum(18, 20) / 3 == evolution.best_validation());  // the last 3

  std::vector<bool> is_free(start.phi.size(), false);
  for (const auto& [first, size] : free_weights(start.model, false)) {
    std::fill(is_free.begin() + first, is_free.begin() + first + size, true);
  }
  for (std::size_t i = 0; i < start.phi.size(); ++i) {
    INFO(start.model.layout().place(static_cast<Index>(i)));
    CHECK((best.phi[i] != start.phi[i]) == is_free[i]);
  }
}

TEST_CASE("evolution: every iteration has functions of its own, a pair shares one") {
  EvolutionConfig config = short_search();
  config.deviation = config.learning_rate = 1e-7;  // the optimizer stays as good as the same
  config.pairs = 2;
  Evolution evolution(untrained(), bowl, bowl, config);
  const EvaluateOptions options{.split = Split::train, .functions = 24, .steps = 20, .seed = 3};
  const Curves curves = evaluate([] { return make_optimizer(untrained()); }, bowl, options);
  for (const EvolutionReport& report : run(evolution)) {
    double expected = 0;
    for (const int function : {2 * report.iteration - 2, 2 * report.iteration - 1}) {
      expected += mean(std::span(curves.losses[function]).last(3)) / 2;
    }
    // The weights have moved by 1e-6, and θ by a tenth of that, by seven of them, in each of 20 steps.
    CHECK(report.loss == Near(expected, 1e-4 * expected));
  }
}

TEST_CASE("evolution: results do not depend on the number of threads") {
  EvolutionConfig config = short_search();
  Evolution one(untrained(), bowl, bowl, config);
  config.threads = 3;
  Evolution three(untrained(), bowl, bowl, config);
  const auto a = run(one), b = run(three);
  for (std::size_t k = 0; k < a.size(); ++k) {
    CHECK(a[k].loss == b[k].loss);
    CHECK(a[k].validation == b[k].validation);
  }
  CHECK(one.best().phi == three.best().phi);
}

TEST_CASE("evolution: validates when due, and keeps the start if nothing is better") {
  EvolutionConfig config = short_search();
  config.iterations = 6;
  config.learning_rate = 1000;  // the optimizer explodes at once
  Evolution evolution(untrained(), bowl, bowl, config);
  for (const EvolutionReport& report : run(evolution)) {
    CHECK(report.validated == (report.iteration == 4 || report.iteration == 6));
    CHECK_FALSE(report.best);
  }
  CHECK(evolution.best().phi == untrained().phi);
  CHECK(evolution.best_validation() == evolution.validate_start());
}

TEST_CASE("evolution: a search that is stopped between validations keeps what it has found") {
  EvolutionConfig config = short_search();
  config.validate_every = config.iterations = 100;
  Evolution evolution(untrained(), bowl, bowl, config);
  for (int k = 0; k < 12; ++k) CHECK_FALSE(evolution.run_iteration().validated);
  CHECK(evolution.best_validation() == evolution.validate_start());
  evolution.validate_now();
  CHECK(evolution.best_validation() < 0.6 * evolution.validate_start());
  CHECK(evolution.best().phi != untrained().phi);
}

TEST_CASE("evolution: survives trajectories that diverge") {
  LearnedOptimizer start = untrained();
  start.phi.back() = Real(0.5);  // steps of 0.05 and more, over the cliff within 20
  const Family cliff = always<Cliff>();
  EvolutionConfig config = short_search();
  config.iterations = 30;
  Evolution evolution(start, cliff, cliff, config);
  CHECK(evolution.validate_start() == kInfinity);
  run(evolution);
  CHECK(std::isfinite(evolution.best_validation()));
}

TEST_CASE("evolution: refuses what cannot be") {
  const auto with = [](auto change) {
    EvolutionConfig config = short_search();
    change(config);
    return [config] { Evolution(untrained(), bowl, bowl, config); };
  };
  CHECK_THROWS_AS(with([](auto& c) { c.pairs = 0; })(), UsageError);
  CHECK_THROWS_AS(with([](auto& c) { c.last = 21; })(), UsageError);
  CHECK_THROWS_AS(with([](auto& c) { c.deviation = 0; })(), UsageError);
  CHECK_THROWS_AS(with([](auto& c) { c.deviation = kInfinity; })(), UsageError);
  CHECK_THROWS_AS(with([](auto& c) { c.learning_rate = NAN; })(), UsageError);
  CHECK_THROWS_AS(with([](auto& c) { c.final_rate = NAN; })(), UsageError);
  CHECK_THROWS_AS(with([](auto& c) { c.window = -1; })(), UsageError);
  CHECK_THROWS_AS(with([](auto& c) { c.window = 7; })(), UsageError);  // of 20 steps
  using C = EvolutionConfig;
  for (int C::*count : std::initializer_list<int C::*>{&C::iterations, &C::pairs, &C::steps, &C::last,
                                                       &C::validate_every, &C::validation_functions, &C::threads}) {
    CHECK_THROWS_AS(with([=](auto& c) { c.*count = 0; })(), UsageError);
  }
  LearnedOptimizer broken = untrained();
  broken.phi.back() = NAN;
  CHECK_THROWS_WITH(Evolution(broken, bowl, bowl, short_search()), "the optimizer's 'output.bias' is not finite");
}

}  // namespace l2l::evolution_test
