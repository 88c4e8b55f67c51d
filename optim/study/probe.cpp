#include "optim/study/probe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/error.h"
#include "optim/statistics.h"

namespace l2l {

Recording record(Optimizer& optimizer, const Family& family, int k, const EvaluateOptions& options) {
  Recording recording;
  History& gradients = recording.gradients;
  Trajectory trajectory;
  recording.losses = follow(optimizer, family, k, options, trajectory, [&](const Trajectory& at) {
    gradients.emplace_back(at.gradient().begin(), at.gradient().end());
  });
  gradients.erase(std::find_if_not(gradients.begin(), gradients.end(), all_finite), gradients.end());
  return recording;
}

History select(const History& history, std::span<const Index> coordinates) {
  History selected;
  for (const std::vector<Real>& row : history) {
    std::vector<Real>& columns = selected.emplace_back();
    for (const Index k : coordinates) columns.push_back(row.at(k));
  }
  return selected;
}

Layout select(const Layout& layout, std::span<const Index> coordinates) {
  Layout selected;
  for (const std::string& group : layout.groups()) selected.add("group " + group, {0}, group);
  for (std::size_t j = 0; j < coordinates.size(); ++j) {
    selected.add("coordinate " + std::to_string(j), {1}, layout.at(coordinates[j]).group);
  }
  return selected;
}

History replay(Optimizer& optimizer, const Layout& coordinates, const History& gradients) {
  History updates;
  optimizer.reset(coordinates);
  for (const std::vector<Real>& gradient : gradients) {
    std::vector<Real>& update = updates.emplace_back(gradient.size(), Real(0));
    optimizer.step(gradient, update);
  }
  return updates;
}

History respond(Optimizer& optimizer, const Layout& layout, Index coordinate, std::span<const Real> gradients,
                std::span<const Real> swept, int steps) {
  // As many copies of the coordinate as there are gradients to try, all with the same past.
  optimizer.reset(select(layout, std::vector<Index>(swept.size(), coordinate)));
  History response;
  std::vector<Real> ignored(swept.size());
  for (const Real seen : gradients.first(steps)) {
    std::vector<Real>& update = response.emplace_back(swept.size(), Real(0));
    optimizer.clone()->step(swept, update);
    optimizer.step(std::vector<Real>(swept.size(), seen), ignored);
  }
  return response;
}

std::vector<double> mean_magnitudes(const History& history) {
  std::vector<double> means(history.empty() ? 0 : history.front().size());
  for (const std::vector<Real>& row : history) {
    for (std::size_t k = 0; k < row.size(); ++k) {
      means[k] += std::fabs(static_cast<double>(row[k])) / static_cast<double>(history.size());
    }
  }
  return means;
}

std::vector<Index> pickable_coordinates(const std::vector<double>& magnitudes) {
  const double largest = magnitudes.empty() ? 0 : *std::max_element(magnitudes.begin(), magnitudes.end());
  std::vector<Index> pickable;
  for (std::size_t k = 0; k < magnitudes.size(); ++k) {
    const bool lost = magnitudes[k] <= std::numeric_limits<Real>::epsilon() * largest;
    if (!lost) pickable.push_back(static_cast<Index>(k));
  }
  return pickable;
}

std::vector<Index> pick_coordinates(const std::vector<double>& magnitudes, int count) {
  std::vector<Index> ranking = pickable_coordinates(magnitudes);
  const Index last = static_cast<Index>(ranking.size()) - 1;
  if (count > last + 1) {
    throw Error("pick: only ", last + 1, " coordinates have gradients that are not (nearly) always zero, ", count,
                " cannot be picked");
  }
  std::stable_sort(ranking.begin(), ranking.end(), [&](Index a, Index b) { return magnitudes[a] > magnitudes[b]; });
  std::vector<Index> picked;
  for (Index k = 0; k < count; ++k) picked.push_back(ranking[count == 1 ? 0 : k * last / (count - 1)]);
  return picked;
}

std::vector<Index> sample_coordinates(Index n, Index most) {
  Rng rng(0);
  std::vector<Index> sample;
  // Each with the probability that makes it `most` in the end (Knuth, The Art of Computer Programming 2, algorithm S).
  for (Index k = 0; k < n; ++k) {
    if (rng.below(n - k) < most - static_cast<Index>(sample.size())) sample.push_back(k);
  }
  return sample;
}

namespace {

/// visit(a, b) for all numbers of two histories of one size at which b is not zero.
template <class Visit>
void for_each_pair(const History& a, const History& b, Visit visit) {
  for (std::size_t t = 0; t < b.size(); ++t) {
    for (std::size_t k = 0; k < b[t].size(); ++k) {
      if (b[t][k] != 0) visit(static_cast<double>(a[t][k]), static_cast<double>(b[t][k]));
    }
  }
}

}  // namespace

double opposed(const History& a, const History& b) {
  double pairs = 0, opposite = 0;
  for_each_pair(a, b, [&](double x, double y) {
    ++pairs;
    opposite += (x > 0 && y < 0) || (x < 0 && y > 0);
  });
  return opposite / pairs;
}

double median_ratio(const History& a, const History& b) {
  std::vector<double> ratios;
  for_each_pair(a, b, [&](double x, double y) { ratios.push_back(std::fabs(x / y)); });
  return median(std::move(ratios));
}

double correlation_lag(const History& updates) {
  const std::size_t T = updates.size(), n = T == 0 ? 0 : updates.front().size();
  std::vector<std::vector<double>> centered(T, std::vector<double>(n));
  for (std::size_t k = 0; k < n; ++k) {
    double mean = 0;
    for (std::size_t t = 0; t < T; ++t) mean += static_cast<double>(updates[t][k]) / static_cast<double>(T);
    for (std::size_t t = 0; t < T; ++t) centered[t][k] = static_cast<double>(updates[t][k]) - mean;
  }
  const auto autocovariance = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t t = 0; t + lag < T; ++t) {
      for (std::size_t k = 0; k < n; ++k) sum += centered[t][k] * centered[t + lag][k];
    }
    return sum;
  };
  const double variance = autocovariance(0), threshold = 1 / std::numbers::e;
  double before = 1;
  for (std::size_t lag = 1; lag < T; ++lag) {
    const double correlation = autocovariance(lag) / variance;
    if (correlation <= threshold) {
      return static_cast<double>(lag) - (threshold - correlation) / (before - correlation);
    }
    before = correlation;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

ResponseStep steepest(std::span<const Real> swept, std::span<const Real> response) {
  const auto slope = [&](std::size_t k) {
    return (static_cast<double>(response[k + 1]) - response[k]) / (static_cast<double>(swept[k + 1]) - swept[k]);
  };
  std::size_t at = 0;
  for (std::size_t k = 1; k + 1 < swept.size(); ++k) {
    if (std::fabs(slope(k)) > std::fabs(slope(at))) at = k;
  }
  return {at, (static_cast<double>(swept[at]) + swept[at + 1]) / 2, slope(at),
          static_cast<double>(response.back()) - response.front()};
}

}  // namespace l2l
