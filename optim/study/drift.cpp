#include "optim/study/drift.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "autodiff/error.h"
#include "nn/random.h"
#include "optim/statistics.h"

namespace l2l {
namespace {

constexpr double kVanished = 1e-5;
constexpr int kShortestSilence = 100;  // .9^50 = .005: what is left of a usual momentum after half of it
constexpr Index kMostCoordinates = 1000;

double root_mean_square(const History& gradients) {
  double sum = 0, count = 0;
  for (const std::vector<Real>& row : gradients) {
    for (const Real g : row) sum += static_cast<double>(g) * g;
    count += static_cast<double>(row.size());
  }
  return std::sqrt(sum / count);
}

/// x / y, and 0 if both are.
double quotient(double x, double y) { return x == 0 ? 0 : x / y; }

double mean_size(std::span<const double> x) {
  double sum = 0;
  for (const double v : x) sum += std::fabs(v);
  return sum / static_cast<double>(x.size());
}

/// Σ |x - y| / Σ |y|
double difference(std::span<const double> x, std::span<const double> y) {
  double different = 0, size = 0;
  for (std::size_t k = 0; k < y.size(); ++k) different += std::fabs(x[k] - y[k]), size += std::fabs(y[k]);
  return quotient(different, size);
}

/// An optimizer whose updates are looked at in some coordinates.
class Watched {
 public:
  Watched(Optimizer& optimizer, const Layout& layout, const std::vector<Index>& sample, int steps,
          const StepWatcher& watch)
      : optimizer_(optimizer), layout_(layout), sample_(sample), update_(layout.size()), steps_(steps), watch_(watch) {
    reset();
  }
  void reset() { optimizer_.reset(layout_); }
  /// The update of each coordinate of the sample.
  std::vector<double> step(std::span<const Real> gradient) {
    if (watch_) watch_(done_, steps_);
    ++done_;
    std::fill(update_.begin(), update_.end(), Real(0));
    optimizer_.step(gradient, update_);
    std::vector<double> seen;
    for (const Index k : sample_) seen.push_back(update_[k]);
    return seen;
  }

 private:
  Optimizer& optimizer_;
  const Layout& layout_;
  const std::vector<Index>& sample_;
  std::vector<Real> update_;
  int done_ = 0, steps_;
  const StepWatcher& watch_;
};

/// sum += factor x
void add(std::span<const double> x, double factor, std::vector<double>& sum) {
  for (std::size_t k = 0; k < x.size(); ++k) sum[k] += factor * x[k];
}

}  // namespace

Drift measure_drift(Optimizer& optimizer, const Layout& layout, const History& gradients, const StepWatcher& watch) {
  if (gradients.empty()) throw UsageError("drift: there must be the gradients of at least 1 step");
  const Index n = layout.size();
  const std::vector<Index> sample = sample_coordinates(n, kMostCoordinates);
  Drift drift;
  drift.steps = static_cast<int>(gradients.size());
  const int S = drift.silence = std::max(drift.steps, kShortestSilence);
  Watched watched(optimizer, layout, sample, drift.steps + 6 * S, watch);

  // Along the trajectory.
  const double alive = drift.vanished_below = kVanished * root_mean_square(gradients);
  std::vector<double> typical, at_vanished, way(sample.size());
  for (const std::vector<Real>& gradient : gradients) {
    const std::vector<double> update = watched.step(gradient);
    add(update, 1, way);
    for (std::size_t k = 0; k < sample.size(); ++k) {
      const double g = std::fabs(static_cast<double>(gradient[sample[k]]));
      (g < alive ? at_vanished : typical).push_back(std::fabs(update[k]));
    }
  }
  drift.vanished = static_cast<double>(at_vanished.size()) / static_cast<double>(typical.size() + at_vanished.size());
  drift.typical = typical.empty() ? 0 : median(std::move(typical));
  drift.at_vanished = at_vanished.empty() ? std::numeric_limits<double>::quiet_NaN()
                                          : quotient(median(std::move(at_vanished)), drift.typical);
  drift.travelled = mean_size(way);

  // Silence.
  const std::vector<Real> zero(n);
  std::vector<double> a(sample.size()), b(sample.size()), wandered(sample.size());
  for (int s = 0; s < 2 * S; ++s) {
    const std::vector<double> update = watched.step(zero);
    const double share = 1.0 / (S - S / 2);
    if (s < S) add(update, 1, wandered);
    if (s >= S / 2 && s < S) add(update, share, a);
    if (s >= S + S / 2) add(update, share, b);
  }
  drift.wandered = mean_size(wandered);
  drift.drift = quotient(mean_size(a), drift.typical);
  drift.fading = quotient(mean_size(a) - mean_size(b), mean_size(a));

  // Gradients of constant size, with signs of some seed, then with those of seed 0. All numbers are of the last S/2
  // steps of either part, and of coordinates whose gradients have not vanished.
  const std::vector<double> sizes = mean_magnitudes(gradients);
  std::vector<std::size_t> seen;
  for (std::size_t k = 0; k < sample.size(); ++k) {
    if (sizes[sample[k]] >= alive) seen.push_back(k);
  }
  const auto updates_for = [&](std::uint64_t first_seed) {
    std::array<std::vector<double>, 2> updates;
    std::vector<Real> gradient(n);
    watched.reset();
    for (int part = 0; part < 2; ++part) {
      Rng signs(part == 0 ? first_seed : 0);
      for (int t = 0; t < S; ++t) {
        for (Index k = 0; k < n; ++k) gradient[k] = static_cast<Real>(signs.below(2) == 0 ? sizes[k] : -sizes[k]);
        const std::vector<double> update = watched.step(gradient);
        for (std::size_t k = 0; t >= S / 2 && k < seen.size(); ++k) updates[part].push_back(update[seen[k]]);
      }
    }
    return updates;
  };
  const auto same = updates_for(0), other = updates_for(1);
  drift.counting = difference(same[1], same[0]);
  drift.memory = difference(other[1], same[1]);
  return drift;
}

}  // namespace l2l
