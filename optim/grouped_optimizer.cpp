#include "optim/grouped_optimizer.h"

#include "autodiff/error.h"

namespace l2l {

void GroupedOptimizer::reset(const Layout& layout) {
  std::vector<std::string> names;
  for (const Member& member : members_) names.push_back(member.group);
  groups_.emplace(layout, names);
  for (Index k = 0; k < groups_->count(); ++k) members_[k].optimizer->reset(groups_->layout(k));
}

void GroupedOptimizer::step(std::span<const Real> gradient, std::span<Real> theta) {
  if (!groups_) throw Error("grouped optimizer: stepped before it was reset");
  groups_->for_each(gradient, theta, [&](Index k, std::span<const Real> gradient, std::span<Real> theta) {
    members_[k].optimizer->step(gradient, theta);
  });
}

}  // namespace l2l
