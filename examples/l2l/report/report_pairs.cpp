#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "autodiff/format.h"
#include "examples/l2l/report/report.h"
#include "optim/bootstrap.h"
#include "optim/signed_rank.h"
#include "optim/statistics.h"

namespace l2l {

Measurement measured(const std::vector<double>& x) {
  const bool known = x.size() > 1 && std::isfinite(mean(x));  // one function says nothing about its error
  return {mean(x), known ? standard_error(x) : std::numeric_limits<double>::quiet_NaN()};
}

std::vector<double> sums_to(const Curves& curves, int last) {
  std::vector<double> sums;
  for (const std::vector<double>& losses : curves.losses) {
    sums.push_back(std::accumulate(losses.begin() + 1, losses.begin() + last + 1, 0.0));
  }
  return sums;
}

int judged_step(const ComparisonSettings& comparison) { return std::min(comparison.horizon, comparison.steps); }

std::vector<double> differences(const std::vector<double>& rule, const std::vector<double>& learned) {
  std::vector<double> result;
  for (std::size_t k = 0; k < rule.size(); ++k) {
    const double difference = rule[k] - learned.at(k);
    // inf - inf has a sign bit, which would be printed.
    result.push_back(std::isnan(difference) ? std::numeric_limits<double>::quiet_NaN() : difference);
  }
  return result;
}

Paired paired(const std::vector<double>& rule, const std::vector<double>& learned) {
  const std::vector<double> d = differences(rule, learned);
  const auto lower = std::count_if(d.begin(), d.end(), [](double x) { return x > 0; });
  return {measured(d), static_cast<int>(lower), signed_rank_p(d)};
}

bool has_noise(const Comparison& comparison) {
  double turns = 0;
  int rules = 0;
  for (const Contestant& contestant : comparison.contestants) {
    if (is_learned(contestant.name)) continue;
    turns += turning_points(contestant.curves);
    ++rules;
  }
  return turns > kNoisy * rules;
}

RunSpeedup speedup_of(const Comparison& comparison) {
  const int step = judged_step(comparison);
  const Contestant* best = nullptr;
  for (const Contestant& contestant : comparison.contestants) {
    if (is_learned(contestant.name) || schedule_of(contestant.name)) continue;
    if (best == nullptr || contestant.curves.mean(step) < best->curves.mean(step)) best = &contestant;
  }
  const int window = passage_window(has_noise(comparison), step);
  return {best->name, window, speedups(comparison.contestants[0].curves, best->curves, step, window)};
}

MeanSpeedup mean_speedup(const TaskSpeedups& tasks) {
  std::vector<Speedup> all;
  std::vector<ScoreTable> ratios;
  for (const auto& trainings : tasks) {
    ScoreTable& table = ratios.emplace_back();
    for (const std::vector<Speedup>& training : trainings) {
      std::vector<double>& row = table.emplace_back();
      for (const Speedup& speedup : training) row.push_back(speedup.ratio);
      all.insert(all.end(), training.begin(), training.end());
    }
  }
  // Where a ratio that is an upper bound is among the lowest quarter, which the mean leaves out, it does no harm.
  std::sort(all.begin(), all.end(), [](const Speedup& a, const Speedup& b) {
    return std::pair(a.ratio, a.reached) < std::pair(b.ratio, b.reached);
  });
  const bool at_most = std::any_of(all.begin() + static_cast<std::ptrdiff_t>(all.size() / 4), all.end(),
                                   [](const Speedup& speedup) { return !speedup.reached; });
  std::vector<double> values;
  int reached = 0;
  for (const Speedup& speedup : all) {
    values.push_back(speedup.ratio);
    reached += speedup.reached;
  }
  Interval interval{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  if (all.size() > 1) interval = iqm_interval(ratios);
  return {interquartile_mean(values), interval.low, interval.high, at_most, reached, static_cast<int>(all.size())};
}

std::string mean_text(const MeanSpeedup& speedup) {
  return (speedup.at_most ? "≤ " : "") + format("%.3g", speedup.mean);
}

std::string interval_text(const MeanSpeedup& speedup) {
  return std::isnan(speedup.low) ? "n/a" : format("%.3g to %.3g", speedup.low, speedup.high);
}

std::string speedup_text(const Comparison& comparison) {
  const RunSpeedup speedup = speedup_of(comparison);
  const MeanSpeedup mean = mean_speedup({{speedup.of_each_function}});
  const std::string by = speedup.window > 1 ? format(", by means of %d steps", speedup.window) : "";
  return format("speed-up to the loss of %s at step %d%s: %s (95%% interval %s); reached in %d of %d",
                speedup.rule.c_str(), judged_step(comparison), by.c_str(), mean_text(mean).c_str(),
                interval_text(mean).c_str(), mean.reached, mean.all);
}

}  // namespace l2l
