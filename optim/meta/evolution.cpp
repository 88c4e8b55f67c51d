#include "optim/meta/evolution.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/meta/meta_config.h"
#include "optim/meta/outcome.h"
#include "optim/statistics.h"

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
  if (c.window < 0 || (c.window > 0 && c.steps % c.window != 0)) {
    throw UsageError("steps (", c.steps, ") must be a multiple of the window (", c.window, ")");
  }
  if (c.shortest < 0 || c.shortest > c.steps) {
    throw UsageError("shortest is ", c.shortest, ", it must be from 0 to the ", c.steps, " steps of a trajectory");
  }
  if (c.shortest > 0 && c.window == 0) throw UsageError("shortest is ", c.shortest, ", which needs a window");
  if (c.last > c.steps) throw UsageError("last is ", c.last, ", a trajectory has only ", c.steps, " steps");
  const auto positive = [](const char* name, double value) {
    if (!(value > 0 && std::isfinite(value))) throw UsageError(name, " is ", value, ", it must be positive and finite");
  };
  positive("deviation", c.deviation);
  positive("lr", c.learning_rate);
  if (!(c.final_rate >= 0)) throw UsageError("final rate is ", c.final_rate, ", it must not be negative");
}

}  // namespace

Evolution::Evolution(LearnedOptimizer start, Family training, Family validation, const EvolutionConfig& config)
    : current_(std::move(start)),
      validated_on_(std::move(validation)),
      config_(config),
      estimator_((check(config), make_estimator(config, training, free_weights(current_.model, config.all_weights)))),
      best_phi_(current_.phi) {
  if (!all_finite(current_.phi)) {
    throw Error("the optimizer's '", current_.model.layout().first_not_finite(current_.phi), "' is not finite");
  }
  adam_.reset(current_.model.layout());
}

double Evolution::validate_start() {
  if (validated_ < 0) start_validation_ = best_validation_ = validate_current();
  return start_validation_;
}

EvolutionReport Evolution::run_iteration() {
  validate_start();
  EvolutionReport report;
  report.iteration = ++iteration_;
  const double progress = static_cast<double>(iteration_ - 1) / config_.iterations;
  report.learning_rate = config_.learning_rate * cosine_decay(progress, config_.final_rate);

  std::vector<Real> gradient(current_.phi.size(), 0);
  report.loss = estimator_->add_gradient(current_, gradient);
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
  const double validation = validate_current();
  if (validation < best_validation_) {
    best_validation_ = validation;
    best_phi_ = current_.phi;
  }
  return validation;
}

double Evolution::validate_current() {
  validated_ = iteration_;
  return validate([&] { return make_optimizer(current_); });
}

EvaluateOptions Evolution::validation() const {
  return {.split = Split::validation,
          .functions = config_.validation_functions,
          .steps = config_.steps,
          .seed = config_.seed,
          .threads = config_.threads};
}

double Evolution::validate(const OptimizerFactory& optimizer) const {
  const Curves curves = evaluate(optimizer, validated_on_, validation());
  const auto loss_at = [&](int step) {
    const int last = std::min(config_.last, step);
    return curves.sum(step - last + 1, step) / last;
  };
  const auto log_at = [&](int step) {
    const double loss = loss_at(step);
    if (loss <= 0) throw Error("the loss at step ", step, " is ", loss, "; with shortest all must be above 0");
    return std::log(loss);
  };
  if (config_.shortest == 0) return loss_at(config_.steps);
  std::vector<double> logarithms;
  for (int step = config_.shortest; step < config_.steps; step *= 2) logarithms.push_back(log_at(step));
  logarithms.push_back(log_at(config_.steps));
  return std::exp(mean(logarithms));
}

}  // namespace l2l
