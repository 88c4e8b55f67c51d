#include "optim/study/probe.h"

#include <cmath>
#include <numeric>

#include "autodiff/error.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/rules.h"
#include "tests/optim/families.h"
#include "tests/tolerance.h"

namespace l2l::probe_test {

using namespace l2l::testing;

namespace {

constexpr int kSteps = 12;

LearnedOptimizer random_lstm() {
  LearnedOptimizer learned{CoordinateModel(CoordinateConfig{}), {}};
  Rng rng(1);
  learned.phi.resize(learned.model.layout().size());
  learned.model.init(rng, learned.phi);
  return learned;
}

/// The three that are probed.
std::vector<OptimizerFactory> three() {
  return {[] { return std::make_unique<CoordinateOptimizer>(random_lstm()); },
          [] { return std::make_unique<Adam>(0.02); }, [] { return std::make_unique<Sgd>(0.1); }};
}

/// Gradients of 100 coordinates, of scales from 1e-6 to 1.
History random_gradients() {
  Rng rng(3);
  History gradients(kSteps, std::vector<Real>(100));
  for (std::vector<Real>& row : gradients) {
    for (std::size_t k = 0; k < row.size(); ++k) {
      row[k] = static_cast<Real>(rng.normal() * std::pow(10, -6 * static_cast<double>(k) / 99));
    }
  }
  return gradients;
}

std::vector<Real> column(const History& history, std::size_t k) {
  std::vector<Real> x;
  for (const std::vector<Real>& row : history) x.push_back(row[k]);
  return x;
}

/// ADAM's m and v after some gradients, in double (Kingma & Ba 2015, algorithm 1). Of numbers of either sign, m's error
/// is relative to the largest of them: three roundings a step, and ten for the rest of the formula.
struct Moments {
  static constexpr int kRoundings = 3 * kSteps + 10;
  double m = 0, v = 0;
  int t = 0;
  void see(double g) {
    m = 0.9 * m + 0.1 * g, v = 0.999 * v + 0.001 * g * g;
    ++t;
  }
  double update(double rate) const {
    return -rate * m / (1 - std::pow(0.9, t)) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
  }
};

/// θ of n elements of no group.
Layout flat(Index n) {
  Layout layout;
  layout.add("theta", {n});
  return layout;
}
History replay(Optimizer& optimizer, const History& gradients) {
  return l2l::replay(optimizer, flat(static_cast<Index>(gradients.front().size())), gradients);
}
History respond(Optimizer& optimizer, std::span<const Real> gradients, std::span<const Real> swept, int steps) {
  return l2l::respond(optimizer, flat(1), 0, gradients, swept, steps);
}

}  // namespace

TEST_CASE("a recorded trajectory is the one that evaluation follows") {
  const Family bowl = bowls(70, 0.1);
  const EvaluateOptions options{.functions = 3, .steps = kSteps, .seed = 5};
  for (const OptimizerFactory& make : three()) {
    const Curves curves = evaluate(make, bowl, options);
    for (int k = 0; k < 3; ++k) {
      const auto optimizer = make();
      const Recording recording = record(*optimizer, bowl, k, options);
      CHECK(recording.losses == curves.losses[k]);
      REQUIRE(recording.gradients.size() == kSteps);
      // Replaying its gradients goes the same way: the updates lead from θ_0 to the last θ, and its loss.
      std::vector<Real> theta(70);
      Rng rng(5, 3 * k + static_cast<int>(Split::test));
      Bowl f(rng, Split::test, 70, 0.1);
      f.init(rng, theta);
      Evaluation evaluation;
      for (const std::vector<Real>& update : replay(*make(), recording.gradients)) {
        f.next_batch(rng);
        evaluation(f, theta);
        for (int j = 0; j < 70; ++j) theta[j] += update[j];
      }
      f.next_batch(rng);
      // Twice a rounding of each θ a step, its error in the loss twice that, and a sum of 70.
      CHECK(evaluation(f, theta) == rounded(recording.losses.back(), 4 * kSteps + 70));
    }
  }
}

TEST_CASE("a trajectory that is not finite ends where it was last finite") {
  Sgd sgd(0.3);
  const Recording recording = record(sgd, always<Cliff>(), 0, {.steps = 20});
  const std::size_t steps = recording.gradients.size();
  CHECK(steps >= 1);
  CHECK(steps < 20);
  for (std::size_t t = 0; t <= 20; ++t) CHECK(std::isfinite(recording.losses[t]) == (t < steps));
}

TEST_CASE("some coordinates are replayed as all of them are") {
  const History gradients = random_gradients();
  const std::vector<Index> some = {77, 3, 50};
  for (const OptimizerFactory& make : three()) {
    CHECK(replay(*make(), select(gradients, some)) == select(replay(*make(), gradients), some));
  }
  CHECK(select(gradients, some)[2] == std::vector<Real>{gradients[2][77], gradients[2][3], gradients[2][50]});
}

TEST_CASE("replayed updates are adam's and sgd's closed forms") {
  const std::vector<Index> some = {0, 40};
  const History gradients = select(random_gradients(), some);
  const History adam = replay(*three()[1](), gradients), sgd = replay(*three()[2](), gradients);
  for (std::size_t k = 0; k < 2; ++k) {
    Moments moments;
    for (int t = 0; t < kSteps; ++t) {
      moments.see(gradients[t][k]);
      CHECK(adam[t][k] == rounded(moments.update(0.02), Moments::kRoundings, 0.02));
      CHECK(sgd[t][k] == -Real(0.1) * gradients[t][k]);
    }
  }
}

TEST_CASE("responses pass through what was done, and leave it as it was") {
  const History gradients = random_gradients();
  for (const OptimizerFactory& make : three()) {
    const auto optimizer = make();
    const History updates = replay(*optimizer, gradients);
    for (const std::size_t k : {0, 30, 99}) {
      // Swept are the gradients of all steps; that of step t is the t-th.
      const std::vector<Real> seen = column(gradients, k);
      const History response = respond(*optimizer, seen, seen, kSteps);
      REQUIRE(response.size() == kSteps);
      for (int t = 0; t < kSteps; ++t) CHECK(response[t][t] == updates[t][k]);
      CHECK(respond(*optimizer, seen, seen, 4) == History(response.begin(), response.begin() + 4));
    }
    CHECK(replay(*optimizer, gradients) == updates);
  }
}

TEST_CASE("a response is what another gradient would have led to") {
  const std::vector<Real> seen = column(random_gradients(), 20), swept = {-2, Real(-1e-3), 0, Real(1e-6), 3};
  for (const OptimizerFactory& make : three()) {
    const History response = respond(*make(), seen, swept, kSteps);
    for (const int step : {0, 5, kSteps - 1}) {
      for (std::size_t j = 0; j < swept.size(); ++j) {
        History other;  // the same past, and one gradient changed: from the beginning, without any clone
        for (int t = 0; t < step; ++t) other.push_back({seen[t]});
        other.push_back({swept[j]});
        CHECK(response[step][j] == replay(*make(), other).back()[0]);
      }
    }
  }
}

TEST_CASE("adam's and sgd's responses are their closed forms") {
  const std::vector<Real> seen = column(random_gradients(), 10);
  std::vector<Real> swept;
  for (int k = -20; k <= 20; ++k) swept.push_back(static_cast<Real>(0.1 * k));
  const History adam = respond(*three()[1](), seen, swept, kSteps), sgd = respond(*three()[2](), seen, swept, kSteps);
  Moments past;
  for (int t = 0; t < kSteps; ++t) {
    for (std::size_t j = 0; j < swept.size(); ++j) {
      Moments now = past;
      now.see(swept[j]);
      CHECK(adam[t][j] == rounded(now.update(0.02), Moments::kRoundings, 0.02));
      CHECK(sgd[t][j] == -Real(0.1) * swept[j]);
    }
    past.see(seen[t]);
  }
}

TEST_CASE("coordinates are picked from the largest gradients to the smallest") {
  CHECK(mean_magnitudes({{1, -2, 0}, {-3, 2, 0}}) == std::vector<double>{2, 2, 0});
  // Five that count; 1e-30 is lost beside 9.
  const std::vector<double> magnitudes = {3, 0, 9, 1, 1e-30, 5, 7};
  CHECK(pickable_coordinates(magnitudes) == std::vector<Index>{0, 2, 3, 5, 6});
  CHECK(pickable_coordinates({0, 0}).empty());
  CHECK(pick_coordinates(magnitudes, 3) == std::vector<Index>{2, 5, 3});
  CHECK(pick_coordinates(magnitudes, 1) == std::vector<Index>{2});
  CHECK(pick_coordinates(magnitudes, 2) == std::vector<Index>{2, 3});
  CHECK(pick_coordinates(magnitudes, 5) == std::vector<Index>{2, 6, 5, 0, 3});
  CHECK_THROWS_AS(pick_coordinates(magnitudes, 6), Error);
  CHECK_THROWS_AS(pick_coordinates({0, 0}, 1), Error);
}

TEST_CASE("a sample has each coordinate once, and all have the same chance") {
  std::vector<Index> all(50);
  std::iota(all.begin(), all.end(), 0);
  CHECK(sample_coordinates(50, 50) == all);
  CHECK(sample_coordinates(50, 1000) == all);
  const std::vector<Index> sample = sample_coordinates(100'000, 10'000);
  REQUIRE(sample.size() == 10'000);
  CHECK(sample == sample_coordinates(100'000, 10'000));
  CHECK(std::adjacent_find(sample.begin(), sample.end(), std::greater_equal<>()) == sample.end());
  CHECK(sample.back() < 100'000);
  const double mean = std::accumulate(sample.begin(), sample.end(), 0.0) / 10'000;
  CHECK(mean == Near(50'000, 4 * 1e5 / std::sqrt(12e4)));  // four standard deviations of that mean
}

TEST_CASE("signs and sizes are compared where there is something to compare with") {
  const History a = {{1, -2, 3, 0}, {4, 5, -6, 7}}, b = {{-1, -4, 0, 5}, {1, -1, -1, 14}};
  // Pairs with b ≠ 0: (1, -1) (-2, -4) (0, 5) (4, 1) (5, -1) (-6, -1) (7, 14); ratios 1, .5, 0, 4, 5, 6, .5
  CHECK(opposed(a, b) == 2.0 / 7);
  CHECK(median_ratio(a, b) == 1);
  CHECK(std::isnan(median_ratio(a, History(2, std::vector<Real>(4)))));
}

TEST_CASE("the lag of an autoregressive process is that of its exponential autocorrelation") {
  for (const double rho : {0.5, 0.8}) {
    Rng rng(11);
    History x(4000, std::vector<Real>(60));
    for (std::size_t k = 0; k < 60; ++k) {
      double value = rng.normal() / std::sqrt(1 - rho * rho);
      for (std::vector<Real>& row : x) {
        row[k] = static_cast<Real>(value + 100);  // a constant drift does not count
        value = rho * value + rng.normal();
      }
    }
    // Between which whole lags ρ^k falls to 1/e, and the line between them.
    const double k = std::floor(-1 / std::log(rho)), before = std::pow(rho, k), after = std::pow(rho, k + 1);
    const double lag = k + (before - std::exp(-1)) / (before - after);
    // Two to four standard errors: Bartlett's 0.002 to 0.003 of a correlation, over how much one lag changes it.
    CHECK(correlation_lag(x) == Near(lag, 0.02 * lag));
  }
}

TEST_CASE("the lag is interpolated, and unknown where correlations do not fall") {
  // Centered 1, -1: the autocorrelation goes from 1 at lag 0 to -1/2 at lag 1.
  CHECK(correlation_lag({{3}, {1}}) == rounded<double>((1 - std::exp(-1.0)) / 1.5, 8));
  CHECK(std::isnan(correlation_lag({{2}, {2}, {2}})));
  CHECK(std::isnan(correlation_lag({})));
}

TEST_CASE("a response is steepest where it steps") {
  const std::vector<Real> swept = {-2, -1, 0, 2, 4}, response = {5, 4, -1, -9, -8};
  const ResponseStep step = steepest(swept, response);  // slopes -1, -5, -4, 0.5
  CHECK(step.at == 1);
  CHECK(step.gradient == -0.5);
  CHECK(step.slope == -5);
  CHECK(step.change == -13);
}

}  // namespace l2l::probe_test
