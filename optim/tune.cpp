#include "optim/tune.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "autodiff/error.h"
#include "nn/spelling.h"

namespace l2l {

namespace {
const Names<Criterion>& criteria() {
  static const Names<Criterion> names("criterion", {{"final", Criterion::final}, {"sum", Criterion::sum}});
  return names;
}
}  // namespace

Criterion parse_criterion(std::string_view name) { return criteria().parse(name); }
std::string_view name_of(Criterion criterion) { return criteria().name_of(criterion); }

double score(const Curves& curves, Criterion criterion, int steps) {
  return criterion == Criterion::final ? curves.mean(steps) : curves.sum(1, steps);
}

namespace {

constexpr double kDiverged = std::numeric_limits<double>::infinity();

/// Whether any trajectory diverged: not finite, or its last tenth on average twice as high as where
/// trajectories start. An average, since the loss of one minibatch may be anywhere.
bool any_diverged(const Curves& curves) {
  const double start = curves.mean(0);
  const std::size_t tail = std::max(1, curves.steps / 10);
  return std::any_of(curves.losses.begin(), curves.losses.end(), [&](const std::vector<double>& losses) {
    return !(mean(std::span(losses).last(tail)) <= 2 * start);  // NaN counts as diverged
  });
}

}  // namespace

TuneResult tune_learning_rate(const Rule& rule, const Family& family, const TuneOptions& options,
                              const std::function<void(int)>& progress) {
  if (!(options.low > 0) || !(options.high > options.low) || !std::isfinite(options.high) || options.per_decade < 1 ||
      options.refinements < 0 || options.safety < 0) {
    throw UsageError("tune: rates from ", options.low, " to ", options.high, ", ", options.per_decade, " per decade, ",
                     options.refinements, " refinements, safety ", options.safety,
                     "; 0 < low < high, at least 1 per decade and no negative numbers would be right");
  }
  TuneResult result{0, kDiverged, {}};
  int evaluations = 0;
  const auto curves_of = [&](double rate, const EvaluateOptions& evaluate_options) {
    Curves curves = evaluate([&] { return rule.make(rate); }, family, evaluate_options);
    if (progress) progress(++evaluations);
    return curves;
  };
  const auto try_rate = [&](double rate) {
    const Curves curves = curves_of(rate, options.evaluate);
    const double value = any_diverged(curves) ? kDiverged : score(curves, options.criterion, options.evaluate.steps);
    result.tried.emplace_back(rate, value);
    return value;
  };
  EvaluateOptions wider = options.evaluate;
  wider.functions *= options.safety;
  wider.steps *= 2;
  wider.seed += 1;
  const auto safe = [&](double rate) {
    constexpr double kMargin = 1.1;
    return options.safety == 0 || !any_diverged(curves_of(kMargin * rate, wider));
  };
  const auto take_if_better = [&](double rate, double value) {
    if (value >= result.score || !safe(rate)) return;
    result.learning_rate = rate;
    result.score = value;
  };

  // A logarithmic grid. The best at one of its ends may not be the best: go on until it is inside, or a million times
  // further.
  constexpr double kFarthest = 1e6;
  double ratio = std::pow(10.0, 1.0 / options.per_decade);
  const int points = static_cast<int>(std::lround(std::log(options.high / options.low) / std::log(ratio)));
  double low = options.low, high = options.low * std::pow(ratio, points);
  double best = kDiverged, best_rate = 0;
  const auto extend = [&](double rate) {
    const double value = try_rate(rate);
    if (value < best) best = value, best_rate = rate;
  };
  for (int k = 0; k <= points; ++k) extend(options.low * std::pow(ratio, k));
  while ((best_rate == low || best_rate == 0) && low > options.low / kFarthest) extend(low /= ratio);
  while (best_rate == high && high < options.high * kFarthest) extend(high *= ratio);

  std::vector<std::pair<double, double>> grid = result.tried;
  std::sort(grid.begin(), grid.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  for (std::size_t k = 0; k < grid.size() && result.learning_rate == 0; ++k) {
    take_if_better(grid[k].first, grid[k].second);
  }
  if (result.learning_rate == 0) {
    throw Error("tune: ", rule.name, " diverges at every learning rate from ", low, " to ", high,
                ", or at 1.1 times that rate on other functions");
  }
  for (int k = 0; k < options.refinements; ++k) {
    ratio = std::sqrt(ratio);
    const double center = result.learning_rate;
    for (const double rate : {center / ratio, center * ratio}) take_if_better(rate, try_rate(rate));
  }
  std::sort(result.tried.begin(), result.tried.end());
  return result;
}

}  // namespace l2l
