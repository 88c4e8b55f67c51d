#include "optim/grouped_optimizer.h"

#include "autodiff/error.h"

namespace l2l {

void GroupedOptimizer::reset(Index n) {
  throw Error("grouped optimizer: reset for ", n, " elements, it needs their layout: call reset_for");
}

void GroupedOptimizer::reset_for(const Layout& layout) {
  std::vector<std::string> names;
  for (const Member& member : members_) names.push_back(member.group);
  groups_.emplace(layout, names);
  for (Index k = 0; k < groups_->count(); ++k) members_[k].optimizer->reset(groups_->size(k));
}

void GroupedOptimizer::step(std::span<const Real> gradient, std::span<Real> theta) {
  if (!groups_) throw Error("grouped optimizer: stepped before it was reset");
  for (Index k = 0; k < groups_->count(); ++k) {
    gradient_.resize(groups_->size(k));
    theta_.resize(groups_->size(k));
    groups_->gather(k, gradient, gradient_);
    groups_->gather(k, theta, theta_);
    members_[k].optimizer->step(gradient_, theta_);
    groups_->scatter(k, theta_, theta);
  }
}

}  // namespace l2l
