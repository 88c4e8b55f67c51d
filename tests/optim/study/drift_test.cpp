#include "optim/study/drift.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "autodiff/error.h"
#include "optim/rules.h"
#include "optim/statistics.h"
#include "optim/study/diagnose.h"
#include "tests/tolerance.h"

namespace l2l::drift_test {

using namespace l2l::testing;

namespace {

/// u_t = -η r(t) ∇_t + a(t) for the step number t = 0, 1, …: all that it does without a gradient, and because of the
/// step number, is known.
class Told : public Optimizer {
 public:
  using Number = std::function<double(int t)>;
  Told(double rate, Number schedule, Number added)
      : rate_(rate), schedule_(std::move(schedule)), added_(std::move(added)) {}
  void reset(const Layout&) override { t_ = 0; }
  void step(std::span<const Real> gradient, std::span<Real> theta) override {
    for (std::size_t k = 0; k < theta.size(); ++k) {
      theta[k] += static_cast<Real>(-rate_ * schedule_(t_) * gradient[k] + added_(t_));
    }
    ++t_;
  }
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<Told>(*this); }

 private:
  double rate_;
  Number schedule_, added_;
  int t_ = 0;
};

double none(int) { return 0; }
double always(int) { return 1; }
double inverse(int t) { return 1.0 / (t + 1); }
double inverse_root(int t) { return 1 / std::sqrt(t + 1.0); }
Told::Number times(double c, Told::Number number) {
  return [=](int t) { return c * number(t); };
}

constexpr int kSteps = 120;
constexpr Index kCoordinates = 30;

/// Gradients of size 1, with signs that change in some pattern.
History unit_gradients() {
  History gradients(kSteps, std::vector<Real>(kCoordinates));
  Rng rng(7);
  for (std::vector<Real>& row : gradients) {
    for (Real& g : row) g = rng.below(2) == 0 ? Real(1) : Real(-1);
  }
  return gradients;
}
Layout layout() { return Layout::flat(kCoordinates); }
Drift drift_of(Optimizer&& optimizer) { return measure_drift(optimizer, layout(), unit_gradients()); }

/// Mean of x(t) from t = first to last - 1.
double mean_of(const Told::Number& x, int first, int last) {
  double sum = 0;
  for (int t = first; t < last; ++t) sum += x(t) / (last - first);
  return sum;
}

/// Names of the findings that need a look.
std::string diagnosed(const Drift& drift, const CoordinateConfig& config = {}) {
  std::string names;
  for (const Finding& finding : diagnose_drift(drift, config)) {
    CHECK(finding.ok == finding.remedy.empty());
    if (!finding.ok) names += (names.empty() ? "" : ", ") + finding.name;
  }
  return names;
}

}  // namespace

// Updates are rounded to Real, and summed in double over steps and coordinates; in a build in double that rounds too.
constexpr double kRoundings = kSteps * kCoordinates;

TEST_CASE("a constant that is added is a drift, and no counting") {
  const Drift drift = drift_of(Told(0, always, times(0.25, always)));
  CHECK(drift.steps == kSteps);
  CHECK(drift.silence == kSteps);
  CHECK(drift.typical == 0.25);
  CHECK(drift.drift == rounded<double>(1, kSteps));
  CHECK(std::fabs(drift.fading) <= 1e-12);
  CHECK((drift.counting == 0 && drift.memory == 0));
  CHECK(drift.wandered == 0.25 * kSteps);
  CHECK(drift.travelled == 0.25 * kSteps);
  CHECK(diagnosed(drift) == "drift");
  // Beside SGD: |-∇ + 0.25| is 0.75 or 1.25, a half of them each.
  const Drift beside = drift_of(Told(1, always, times(0.25, always)));
  CHECK((beside.typical == 0.75 || beside.typical == 1 || beside.typical == 1.25));
  CHECK(beside.drift == rounded<double>(0.25 / beside.typical, kSteps));
  CHECK(beside.counting == 0);
  CHECK(diagnosed(beside) == "drift");
  CHECK(diagnosed(drift_of(Told(1, always, times(0.05, always)))).empty());  // 5% is below the tenth
}

TEST_CASE("c/t that is added is step counting, and no drift") {
  for (const double c : {1.0, -0.3}) {
    const Told::Number added = times(c, inverse);
    const Drift drift = drift_of(Told(0, always, added));
    constexpr int S = kSteps;
    std::vector<double> sizes;
    for (int t = 0; t < kSteps; ++t) sizes.push_back(std::fabs(added(t)));
    CHECK(drift.typical == rounded(median(sizes), kRoundings));
    const double a = mean_of(added, kSteps + S / 2, kSteps + S), b = mean_of(added, kSteps + 3 * S / 2, kSteps + 2 * S);
    CHECK(drift.drift == rounded(std::fabs(a) / median(sizes), kRoundings));
    CHECK(drift.fading == rounded((a - b) / a, kRoundings, 1));
    const double first = mean_of(added, S / 2, S), second = mean_of(added, S + S / 2, 2 * S);
    CHECK(drift.counting == rounded((first - second) / first, kRoundings, 1));
    CHECK(drift.counting > 0.56);
    CHECK(drift.memory == 0);
    CHECK(drift.wandered == rounded(std::fabs(mean_of(added, kSteps, kSteps + S)) * S, kRoundings));
    CHECK(drift.travelled == rounded(std::fabs(mean_of(added, 0, kSteps)) * kSteps, kRoundings));
    CHECK(diagnosed(drift) == "step counting");
  }
  // One that grows comes to something without gradients too.
  CHECK(diagnosed(drift_of(Told(0, always, [](int t) { return 0.01 * t; }))) == "drift, step counting");
}

TEST_CASE("rules without either have neither") {
  const Drift sgd = drift_of(Sgd(0.5));
  CHECK(sgd.typical == 0.5);
  CHECK((sgd.drift == 0 && sgd.fading == 0 && sgd.counting == 0 && sgd.memory == 0 && sgd.wandered == 0));
  CHECK(diagnosed(sgd).empty());
  // After n gradients of 0 momentum is μ^n of what it was, at most 1/(1-μ) gradients, and 1 at least in the median
  // here.
  const Drift momentum = drift_of(Momentum(0.1));
  CHECK(momentum.drift <= 10 * std::pow(0.9, kSteps / 2));
  CHECK(momentum.counting <= 10 * 10 * std::pow(0.9, kSteps / 2));
  CHECK(diagnosed(momentum).empty());
  // ADAM's v is right for gradients of one size from the first on: 1, at any step.
  const Drift adam = drift_of(Adam(0.1));
  CHECK(adam.drift <= 10 * std::pow(0.9, kSteps / 2));
  CHECK(adam.counting <= 10 * 10 * std::pow(0.9, kSteps / 2));
  for (const Rule& rule : rules()) {
    if (rule.name.starts_with("muon")) continue;  // without weight matrices they are ADAM
    CHECK(diagnosed(measure_drift(*rule.make(0.1), layout(), unit_gradients())).empty());
  }
}

TEST_CASE("a schedule of the step number is step counting, unless the proposal has it by design") {
  const Drift drift = drift_of(Told(1, inverse_root, none));
  CHECK((drift.drift == 0 && drift.wandered == 0));
  const double first = mean_of(inverse_root, kSteps / 2, kSteps);
  const double second = mean_of(inverse_root, kSteps + kSteps / 2, 2 * kSteps);
  CHECK(drift.counting == rounded((first - second) / first, kRoundings, 1));
  CHECK(diagnosed(drift) == "step counting");
  CoordinateConfig config;
  config.decay = 0.5;
  CHECK(diagnosed(drift, config) == "step counting");  // nothing that is not anchored decays
  config.proposal = Proposal::Kind::anchored;
  CHECK(diagnosed(drift, config).empty());
}

TEST_CASE("a long memory is no step counting, but a sum of gradients that goes on is a drift") {
  const Drift drift = drift_of(Momentum(0.1, 0.9999));
  // Of sums of S/2 to S gradients of random sign, and S more of the same: as different as after S others, nearly.
  CHECK(drift.counting > 0.25);
  CHECK(drift.memory > drift.counting / 2);
  CHECK(diagnosed(drift) == "drift");
}

TEST_CASE("both are told at once") {
  CHECK(diagnosed(drift_of(Told(1, inverse_root, times(0.1, always)))) == "drift, step counting");
}

TEST_CASE("updates where the gradient has vanished are measured apart") {
  History gradients = unit_gradients();
  for (int t = 0; t < kSteps; ++t) {
    for (Index k = 0; k < kCoordinates; ++k) {
      if (t >= kSteps / 2 || k == 0) gradients[t][k] *= Real(3e-9);
    }
  }
  const double share = 0.5 + 0.5 / kCoordinates;
  const auto measured = [&](Optimizer&& optimizer) { return measure_drift(optimizer, layout(), gradients); };
  const Drift sgd = measured(Sgd(1)), constant = measured(Told(0, always, always));
  CHECK(sgd.vanished == rounded<double>(share, 4));
  CHECK(sgd.vanished_below == rounded<double>(1e-5 * std::sqrt(1 - share), kSteps * kCoordinates));
  CHECK(sgd.at_vanished == rounded(3e-9, 4));
  CHECK(sgd.typical == 1);
  CHECK(constant.at_vanished == 1);
  CHECK(std::isnan(drift_of(Sgd(1)).at_vanished));  // none has
}

TEST_CASE("a drift needs a trajectory, and short ones have a longer silence") {
  Sgd sgd(1);
  CHECK_THROWS_AS(measure_drift(sgd, layout(), {}), UsageError);
  History gradients = unit_gradients();
  gradients.resize(7);
  int last = -1, steps = 0;
  const Drift drift = measure_drift(sgd, layout(), gradients, [&](int done, int all) {
    CHECK(done == last + 1);
    last = done, steps = all;
  });
  CHECK(drift.steps == 7);
  CHECK(drift.silence == 100);
  CHECK((steps == 607 && last == 606));
}

}  // namespace l2l::drift_test
