#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optim/groups.h"
#include "optim/optimizer.h"

namespace l2l {

/// Several optimizers at once, each for a group of parameters (Andrychowicz et al. 2016, section 3.3, use one LSTM for
/// the convolutional layers of a network and one for the others):
///
///     l2l::GroupedOptimizer optimizer({{"conv", lstm}, {"fc", l2l::Adam(0.003)}});
///     optimizer.reset(f.layout());
///     optimizer.step(gradient, theta);
class GroupedOptimizer : public Optimizer {
 public:
  struct Member {
    std::string group;
    std::unique_ptr<Optimizer> optimizer;

    Member(const std::string& group, const Optimizer& optimizer) : group(group), optimizer(optimizer.clone()) {}
    Member(const Member& other) : Member(other.group, *other.optimizer) {}
  };
  explicit GroupedOptimizer(const std::vector<Member>& members) : members_(members) {}

  /// An Error unless every group of the layout has its member, and every member its group.
  void reset(const Layout& layout) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  Optimizer& member(std::size_t k) { return *members_[k].optimizer; }
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<GroupedOptimizer>(*this); }

 private:
  std::vector<Member> members_;
  std::optional<Groups> groups_;
};

}  // namespace l2l
