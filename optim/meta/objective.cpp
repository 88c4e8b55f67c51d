#include "optim/meta/objective.h"

#include <cmath>

#include "autodiff/ops.h"
#include "optim/rules.h"

namespace l2l {

Var Losses::before_step(Var theta, const Trajectory& /*at*/) {
  return discount_ == 1 ? theta : scale_gradient(theta, static_cast<Real>(discount_));
}

Var Losses::term(int t, Var theta, const Trajectory& at) {
  return at.evaluated().on_tape(theta, share_ * (weights_.empty() ? 1 : weights_[t]));
}

Imitation::Imitation(const FixedRule& rule, double share, double& error_sum)
    : rule_(find_rule(rule.name).make(rule.learning_rate)), share_(share), error_sum_(error_sum) {}

Var Imitation::before_step(Var theta, const Trajectory& at) {
  start_.assign(theta.value, theta.value + theta.size());
  target_ = start_;
  rule_->step(at.gradient(), target_);
  return detach(theta);
}

Var Imitation::term(int t, Var theta, const Trajectory& /*at*/) {
  if (t == 0) return theta.tape->constant({}, Real(0));
  difference_.resize(target_.size());
  double squares = 0, squared_error = 0;
  for (std::size_t k = 0; k < difference_.size(); ++k) {
    squares += std::pow(static_cast<double>(target_[k]) - start_[k], 2);
    difference_[k] = theta.value[k] - target_[k];
    squared_error += std::pow(static_cast<double>(difference_[k]), 2);
  }
  const double scale = squares > 0 ? 1 / squares : 0;  // 0: the rule stays where it is
  for (Real& d : difference_) d *= static_cast<Real>(scale);
  error_sum_ += scale * squared_error;
  return static_cast<Real>(share_) * known_gradient(theta, static_cast<Real>(scale * squared_error / 2), difference_);
}

std::unique_ptr<Objective> make_objective(const MetaTrainConfig& config, double& error_sum) {
  const double share = 1.0 / config.functions;
  if (config.imitated) return std::make_unique<Imitation>(*config.imitated, share / config.unroll, error_sum);
  return std::make_unique<Losses>(config.weights, config.discount, share);
}

}  // namespace l2l
