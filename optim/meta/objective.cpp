#include "optim/meta/objective.h"

#include <cmath>

#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {

Var Losses::before_step(Var theta, const Trajectory& /*at*/) {
  return discount_ == 1 ? theta : scale_gradient(theta, static_cast<Real>(discount_));
}

Var Losses::term(int t, Var theta, const Trajectory& at) {
  const double weight = scale_ * (weights_.empty() ? 1 : weights_[t]);
  if (!logarithm_) return at.evaluation().on_tape(theta, weight);
  if (!(at.loss() > 0)) {
    throw Error("log-loss: a loss is ", at.loss(), ", and only positive ones have a logarithm; train without it");
  }
  return static_cast<Real>(weight) * log(at.evaluation().on_tape(theta));
}

void Imitation::reset(const Layout& layout, Rng& /*rng*/) {
  rule_->reset(layout);
  squared_error_ = 0;
}

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
  const double unit = squares > 0 ? 1 / squares : 0;  // 0: the rule stays where it is
  for (Real& d : difference_) d *= static_cast<Real>(unit);
  squared_error_ += unit * squared_error;
  return static_cast<Real>(scale_) * known_gradient(theta, static_cast<Real>(unit * squared_error / 2), difference_);
}

void Mixture::reset(const Layout& layout, Rng& rng) {
  now_ = (rng.uniform() < share_ ? first_ : second_).get();
  now_->reset(layout, rng);
}

std::unique_ptr<Objective> make_objective(const MetaTrainConfig& config) {
  const double scale = 1.0 / config.functions;
  const auto losses = [&] { return std::make_unique<Losses>(config.weights, config.discount, config.log_loss, scale); };
  if (!config.imitated) return losses();
  auto imitation = std::make_unique<Imitation>(*config.imitated, scale / config.unroll);
  if (config.imitates_only()) return imitation;
  return std::make_unique<Mixture>(std::move(imitation), config.imitation_share, losses());
}

}  // namespace l2l
