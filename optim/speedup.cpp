#include "optim/speedup.h"

#include <algorithm>
#include <span>

#include "optim/statistics.h"

namespace l2l {
namespace {

double mean_of(const std::vector<double>& x, int first, int last) {
  return mean(std::span(x).subspan(first, last - first + 1));
}

/// The first step from 1 on with x_t ≤ target; one more than the last if there is none.
int first_passage(const std::vector<double>& x, double target) {
  const auto found = std::find_if(x.begin() + 1, x.end(), [&](double loss) { return loss <= target; });
  return static_cast<int>(found - x.begin());
}

}  // namespace

double turning_points(const Curves& curves) {
  std::size_t turns = 0, all = 0;
  for (const std::vector<double>& x : curves.losses) {
    for (std::size_t t = 1; t + 1 < x.size(); ++t, ++all) {
      turns += (x[t] < x[t - 1] && x[t] < x[t + 1]) || (x[t] > x[t - 1] && x[t] > x[t + 1]);
    }
  }
  return all == 0 ? 0 : static_cast<double>(turns) / static_cast<double>(all);
}

std::vector<double> trailing_mean(const std::vector<double>& x, int window) {
  std::vector<double> means;
  for (int t = 0; t < static_cast<int>(x.size()); ++t) means.push_back(mean_of(x, std::max(0, t - window + 1), t));
  return means;
}

std::vector<double> centred_mean(const std::vector<double>& x, int window) {
  std::vector<double> means;
  const int last = static_cast<int>(x.size()) - 1;
  for (int t = 0; t <= last; ++t) {
    const int reach = std::min(window / 2, t);
    means.push_back(mean_of(x, t - reach, std::min(t + reach, last)));
  }
  return means;
}

std::vector<Speedup> speedups(const Curves& ours, const Curves& rule, int horizon, int window) {
  std::vector<Speedup> result;
  for (std::size_t k = 0; k < ours.losses.size(); ++k) {
    const std::vector<double> our_mean = trailing_mean(ours.losses[k], window),
                              rule_mean = trailing_mean(rule.losses.at(k), window);
    const double target = rule_mean.at(horizon);
    const int needed = first_passage(our_mean, target);
    const bool reached = needed <= ours.steps;
    result.push_back(
        {static_cast<double>(first_passage(rule_mean, target)) / (reached ? needed : ours.steps), reached});
  }
  return result;
}

int passage_window(bool noisy, int horizon) { return noisy ? std::max(1, horizon / 10) : 1; }

}  // namespace l2l
