#include "optim/meta/estimator.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/team.h"

namespace l2l {
namespace {

/// φ + sign · change
LearnedOptimizer changed(const LearnedOptimizer& optimizer, const std::vector<Real>& change, Real sign) {
  LearnedOptimizer result = optimizer;
  for (std::size_t i = 0; i < change.size(); ++i) result.phi[i] += sign * change[i];
  return result;
}

constexpr Real kSigns[] = {1, -1};

/// Draws the changes ε.
class Noise {
 public:
  Noise(const EstimatorConfig& config, std::vector<Layout::Range> free)
      : free_(std::move(free)), deviation_(config.deviation), rng_(config.seed) {}
  std::vector<Real> operator()(std::size_t weights) {
    std::vector<Real> change(weights, 0);
    for (const auto& [first, count] : free_) {
      rng_.fill_normal(std::span(change).subspan(first, count), 0, deviation_);
    }
    return change;
  }

 private:
  std::vector<Layout::Range> free_;
  double deviation_;
  Rng rng_;
};

class WholeTrajectories : public Estimator {
 public:
  WholeTrajectories(const EstimatorConfig& config, const Family& family, std::vector<Layout::Range> free)
      : config_(config), family_(family), noise_(config, std::move(free)) {}

  double add_gradient(const LearnedOptimizer& current, std::span<Real> gradient) override {
    std::vector<std::vector<Real>> changes;
    std::vector<Task> tasks;
    for (int p = 0; p < config_.pairs; ++p) changes.push_back(noise_(current.phi.size()));
    for (const std::vector<Real>& change : changes) {
      for (const Real sign : kSigns) {
        tasks.push_back({[&, sign] { return make_optimizer(changed(current, change, sign)); }, function_});
      }
      ++function_;
    }
    const EvaluateOptions options{
        .split = Split::train, .steps = config_.steps, .seed = config_.seed, .threads = config_.threads};
    std::vector<double> ends;
    for (const std::vector<double>& losses : follow_all(tasks, family_, options)) {
      ends.push_back(mean(std::span(losses).last(config_.last)));
    }
    std::vector<std::pair<double, double>> pairs;
    for (std::size_t k = 0; k < ends.size(); k += 2) pairs.emplace_back(ends[k], ends[k + 1]);
    add_antithetic_gradient(relative_differences(pairs), changes, config_.deviation, gradient);
    return mean(ends);
  }

 private:
  EstimatorConfig config_;
  Family family_;
  Noise noise_;
  int function_ = 0;  // the next pair's
};

class NoiseReuse : public Estimator {
 public:
  NoiseReuse(const EstimatorConfig& config, const Family& family, std::vector<Layout::Range> free)
      : config_(config),
        family_(family),
        noise_(config, std::move(free)),
        lengths_(config.seed, kLengths),
        pairs_(config.pairs),
        changes_(config.pairs) {
    const int windows = config.steps / config.window;
    if (config.shortest > 0) return;  // different lengths: soon they begin at all times
    for (int p = 0; p < config.pairs; ++p) {  // the first trajectories are cut, so that later ones begin at all times
      pairs_[p].end = (1 + static_cast<int>((p + 1LL) * (windows - 1) / config.pairs)) * config.window;
    }
  }

  double add_gradient(const LearnedOptimizer& current, std::span<Real> gradient) override {
    for (int p = 0; p < config_.pairs; ++p) {  // in order: which function and noise a pair gets depends on nothing else
      if (pairs_[p].ended) {
        pairs_[p].function = function_++;
        if (pairs_[p].end == 0) pairs_[p].end = draw_length();
        changes_[p] = noise_(current.phi.size());
      }
    }
    const auto results = share_tasks(config_.pairs, config_.threads, [&](int p, int) -> TaskResult {
      advance(pairs_[p], changes_[p], current);
      return {pairs_[p].loss[0], pairs_[p].loss[1], static_cast<double>(pairs_[p].ended)};
    });
    std::vector<std::pair<double, double>> losses;
    double total = 0;
    for (int p = 0; p < config_.pairs; ++p) {
      losses.emplace_back(results[p][0], results[p][1]);
      total += results[p][0] + results[p][1];
      pairs_[p].ended = results[p][2] != 0;  // all processes draw the noise and lengths of all pairs
      if (pairs_[p].ended) pairs_[p].end = 0;
    }
    add_antithetic_gradient(relative_differences(losses), changes_, config_.deviation, gradient);
    return total / (2 * config_.pairs);
  }

 private:
  /// φ + ε and φ - ε at work on one function, with the same minibatches.
  struct Pair {
    std::array<Trajectory, 2> trajectory;
    std::array<std::unique_ptr<Optimizer>, 2> optimizer;
    std::array<Rng, 2> random = {Rng(0), Rng(0)};
    int function = 0, step = 0, end = 0;  // end: 0 until its length is drawn
    bool ended = true;
    std::array<double, 2> loss;  // mean over the last window
  };

  void advance(Pair& pair, const std::vector<Real>& change, const LearnedOptimizer& current) const {
    const EvaluateOptions options{.split = Split::train, .seed = config_.seed};
    for (int s = 0; s < 2; ++s) {
      const LearnedOptimizer learned = changed(current, change, kSigns[s]);
      Trajectory& trajectory = pair.trajectory[s];
      if (pair.ended) {
        pair.random[s] = function_stream(pair.function, options);
        trajectory.start(family_, pair.random[s], Split::train);
        trajectory.evaluate(pair.random[s]);
        pair.optimizer[s] = make_optimizer(learned);
        pair.optimizer[s]->reset(trajectory.layout());
      } else {
        set_weights(*pair.optimizer[s], learned);
      }
      pair.loss[s] = 0;
      for (int t = 0; t < config_.window && std::isfinite(pair.loss[s]); ++t) {
        pair.optimizer[s]->step(trajectory.gradient(), trajectory.theta());
        pair.loss[s] += trajectory.evaluate(pair.random[s]) / config_.window;
      }
    }
    pair.step = (pair.ended ? 0 : pair.step) + config_.window;
    pair.ended = pair.step >= pair.end || !std::isfinite(pair.loss[0]) || !std::isfinite(pair.loss[1]);
  }

  /// In whole windows.
  int draw_length() {
    if (config_.shortest == 0) return config_.steps;
    const double ratio = static_cast<double>(config_.steps) / config_.shortest;
    const double steps = config_.shortest * std::pow(ratio, lengths_.uniform());
    return static_cast<int>(std::ceil(steps / config_.window)) * config_.window;
  }

  static constexpr std::uint64_t kLengths = 0x6c656e67;  // a stream of random numbers of its own

  EstimatorConfig config_;
  Family family_;
  Noise noise_;
  Rng lengths_;
  std::vector<Pair> pairs_;
  std::vector<std::vector<Real>> changes_;  // ε of each pair
  int function_ = 0;  // the next trajectory's
};

}  // namespace

std::unique_ptr<Estimator> make_estimator(const EstimatorConfig& config, const Family& family,
                                          std::vector<Layout::Range> free) {
  if (config.window > 0) return std::make_unique<NoiseReuse>(config, family, std::move(free));
  return std::make_unique<WholeTrajectories>(config, family, std::move(free));
}

std::vector<Layout::Range> free_weights(const OptimizerModel& model, bool all) {
  if (all) return {{0, model.layout().size()}};
  std::vector<Layout::Range> ranges;
  for (const OptimizerModel::Part& part : model.parts()) {
    if (part.model() == nullptr) continue;
    const auto add = [&](const Parameter& p) { ranges.push_back({part.phi.first + p.offset, p.shape.size()}); };
    for (const Perceptron::Layer& layer : part.model()->dense().layers()) add(layer.bias);
    for (const Lstm::Layer& layer : part.model()->lstm().layers()) add(layer.bias);
    add(part.model()->output_weight());
    add(part.model()->output_bias());
  }
  return ranges;
}

std::vector<double> relative_differences(const std::vector<std::pair<double, double>>& losses) {
  std::vector<double> differences, sizes;
  for (const auto& [a, b] : losses) {
    const bool good_a = std::isfinite(a), good_b = std::isfinite(b);
    const double difference = good_a && good_b ? (a == b ? 0 : 2 * (a - b) / (std::abs(a) + std::abs(b)))
                                               : 2.0 * (static_cast<int>(good_b) - static_cast<int>(good_a));
    differences.push_back(difference);
    if (difference != 0) sizes.push_back(std::abs(difference));
  }
  if (sizes.empty()) return differences;
  const double most = 3 * median(sizes);
  for (double& difference : differences) difference = std::clamp(difference, -most, most);
  return differences;
}

void add_antithetic_gradient(const std::vector<double>& differences, const std::vector<std::vector<Real>>& changes,
                             double deviation, std::span<Real> gradient) {
  const double pairs = static_cast<double>(differences.size());
  for (std::size_t p = 0; p < differences.size(); ++p) {
    const Real factor = static_cast<Real>(differences[p] / (2 * pairs * deviation * deviation));
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += factor * changes[p][i];
  }
}

}  // namespace l2l
