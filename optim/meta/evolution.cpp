#include "optim/meta/evolution.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "optim/learned/fast/lstm_optimizer.h"
#include "optim/meta/meta_config.h"
#include "optim/meta/outcome.h"

namespace l2l {
namespace {

void check(const EvolutionConfig& c) {
  check_at_least_one("iterations", c.iterations);
  check_at_least_one("pairs", c.pairs);
  check_at_least_one("steps", c.steps);
  check_at_least_one("last", c.last);
  check_at_least_one("validate-every", c.validate_every);
  check_at_least_one("validation-functions", c.validation_functions);
  check_at_least_one("threads", c.threads);
  if (c.last > c.steps) throw UsageError("last is ", c.last, ", a trajectory has only ", c.steps, " steps");
  const auto positive = [](const char* name, double value) {
    if (!(value > 0 && std::isfinite(value))) throw UsageError(name, " is ", value, ", it must be positive and finite");
  };
  positive("deviation", c.deviation);
  positive("lr", c.learning_rate);
  if (!(c.final_rate >= 0)) throw UsageError("final rate is ", c.final_rate, ", it must not be negative");
}

/// φ + sign · change
LearnedOptimizer changed(const LearnedOptimizer& optimizer, const std::vector<Real>& change, Real sign) {
  LearnedOptimizer result = optimizer;
  for (std::size_t i = 0; i < change.size(); ++i) result.phi[i] += sign * change[i];
  return result;
}

}  // namespace

Evolution::Evolution(LearnedOptimizer start, Family training, Family validation, const EvolutionConfig& config)
    : current_(std::move(start)),
      training_(std::move(training)),
      validation_(std::move(validation)),
      config_(config),
      free_(free_weights(current_.model)),
      best_phi_(current_.phi),
      rng_(config.seed) {
  check(config);
  if (!all_finite(current_.phi)) {
    throw Error("the optimizer's '", current_.model.layout().first_not_finite(current_.phi), "' is not finite");
  }
  adam_.reset(current_.model.layout());
}

double Evolution::validate_start() {
  if (validated_ < 0) start_validation_ = best_validation_ = validate();
  return start_validation_;
}

EvolutionReport Evolution::run_iteration() {
  validate_start();
  const int first_function = iteration_ * config_.pairs;
  EvolutionReport report;
  report.iteration = ++iteration_;
  const double progress = static_cast<double>(iteration_ - 1) / config_.iterations;
  report.learning_rate = config_.learning_rate * cosine_decay(progress, config_.final_rate);

  std::vector<std::vector<Real>> changes(config_.pairs, std::vector<Real>(current_.phi.size(), 0));
  std::vector<Task> tasks;
  for (int p = 0; p < config_.pairs; ++p) {
    for (const auto& [first, count] : free_) {
      rng_.fill_normal(std::span(changes[p]).subspan(first, count), 0, config_.deviation);
    }
    for (const Real sign : {1, -1}) {
      const auto make = [&, p, sign] { return make_optimizer(changed(current_, changes[p], sign)); };
      tasks.push_back({make, first_function + p});
    }
  }
  const EvaluateOptions options{
      .split = Split::train, .steps = config_.steps, .seed = config_.seed, .threads = config_.threads};
  std::vector<double> ends;
  for (const std::vector<double>& losses : follow_all(tasks, training_, options)) {
    ends.push_back(mean(std::span(losses).last(config_.last)));
  }
  report.loss = mean(ends);

  std::vector<std::pair<double, double>> pairs;
  for (std::size_t k = 0; k < ends.size(); k += 2) pairs.emplace_back(ends[k], ends[k + 1]);
  std::vector<Real> gradient(current_.phi.size(), 0);
  add_antithetic_gradient(relative_differences(pairs), changes, config_.deviation, gradient);
  adam_.set_learning_rate(report.learning_rate);
  adam_.step(gradient, current_.phi);
  if (!all_finite(current_.phi)) {
    throw Diverged("refining diverged in iteration ", iteration_, ": the optimizer's '",
                   current_.model.layout().first_not_finite(current_.phi), "' is not finite");
  }

  if (iteration_ % config_.validate_every == 0 || done()) {
    report.validated = true;
    const double best_before = best_validation_;
    report.validation = keep_if_better();
    report.best = report.validation < best_before;
  }
  return report;
}

void Evolution::validate_now() {
  if (validated_ >= 0 && validated_ < iteration_) keep_if_better();
}

double Evolution::keep_if_better() {
  const double validation = validate();
  if (validation < best_validation_) {
    best_validation_ = validation;
    best_phi_ = current_.phi;
  }
  return validation;
}

double Evolution::validate() {
  validated_ = iteration_;
  const EvaluateOptions options{.split = Split::validation,
                                .functions = config_.validation_functions,
                                .steps = config_.steps,
                                .seed = config_.seed,
                                .threads = config_.threads};
  return evaluate([&] { return make_optimizer(current_); }, validation_, options).final_mean();
}

std::vector<Layout::Range> free_weights(const OptimizerModel& model) {
  std::vector<Layout::Range> ranges;
  for (const OptimizerModel::Part& part : model.parts()) {
    if (part.lstm() == nullptr) continue;
    const auto add = [&](const Parameter& p) { ranges.push_back({part.phi.first + p.offset, p.shape.size()}); };
    for (const Lstm::Layer& layer : part.lstm()->lstm().layers()) add(layer.bias);
    add(part.lstm()->output_weight());
    add(part.lstm()->output_bias());
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
