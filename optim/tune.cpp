#include "optim/tune.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/error.h"

namespace l2l {

Criterion parse_criterion(std::string_view name) {
  if (name == "final") return Criterion::final;
  if (name == "sum") return Criterion::sum;
  throw UsageError("criterion '", name, "' is unknown; there are final and sum");
}

std::string_view name_of(Criterion criterion) { return criterion == Criterion::final ? "final" : "sum"; }

double score(const Curves& curves, Criterion criterion, int steps) {
  return criterion == Criterion::final ? curves.mean(steps) : curves.sum(1, steps);
}

namespace {

bool any_diverged(const Curves& curves) {
  return std::any_of(curves.losses.begin(), curves.losses.end(), [](const std::vector<double>& losses) {
    return !std::isfinite(losses.back()) || losses.back() > losses.front();
  });
}

}  // namespace

TuneResult tune_learning_rate(const Rule& rule, const OptimizeeFactory& optimizee, const TuneOptions& options,
                              const std::function<void(int)>& progress) {
  if (!(options.low > 0) || !(options.high > options.low) || options.per_decade < 1 || options.refinements < 0) {
    throw UsageError("tune: rates from ", options.low, " to ", options.high, ", ", options.per_decade,
                     " per decade; low > 0, high > low and at least 1 per decade would be right");
  }
  TuneResult result{0, std::numeric_limits<double>::infinity(), {}};
  const auto try_rate = [&](double rate) {
    const Curves curves = evaluate([&] { return rule.make(rate); }, optimizee, options.evaluate);
    const double value = any_diverged(curves) ? std::numeric_limits<double>::infinity()
                                              : score(curves, options.criterion, options.evaluate.steps);
    result.tried.emplace_back(rate, value);
    if (value < result.score) {
      result.score = value;
      result.learning_rate = rate;
    }
    if (progress) progress(static_cast<int>(result.tried.size()));
  };

  double ratio = std::pow(10.0, 1.0 / options.per_decade);
  const int points = static_cast<int>(std::lround(std::log(options.high / options.low) / std::log(ratio)));
  double low = options.low, high = options.low * std::pow(ratio, points);
  for (int k = 0; k <= points; ++k) try_rate(options.low * std::pow(ratio, k));
  // The best at an end of the grid may not be the best: go on until it is inside, or a million times further.
  constexpr double kFarthest = 1e6;
  const auto lowest_or_none = [&] { return result.learning_rate == low || result.learning_rate == 0; };
  while (lowest_or_none() && low > options.low / kFarthest) try_rate(low /= ratio);
  while (result.learning_rate == high && high < options.high * kFarthest) try_rate(high *= ratio);
  for (int k = 0; k < options.refinements && result.learning_rate > 0; ++k) {
    ratio = std::sqrt(ratio);
    const double center = result.learning_rate;
    try_rate(center / ratio);
    try_rate(center * ratio);
  }

  EvaluateOptions wider = options.evaluate;
  wider.functions *= options.safety;
  wider.steps *= 2;
  wider.seed += 1;
  const auto safe = [&](double rate) {
    constexpr double kMargin = 1.1;
    return !any_diverged(evaluate([&] { return rule.make(kMargin * rate); }, optimizee, wider));
  };
  const auto better = [](const auto& a, const auto& b) { return a.second < b.second; };
  std::sort(result.tried.begin(), result.tried.end(), better);
  for (const auto& [rate, value] : result.tried) {
    if (std::isinf(value)) break;
    result.learning_rate = rate;
    result.score = value;
    if (options.safety == 0 || safe(rate)) {
      std::sort(result.tried.begin(), result.tried.end());
      return result;
    }
  }
  throw Error("tune: ", rule.name, " diverges at every learning rate from ", low, " to ", high);
}

}  // namespace l2l
