#include "optim/meta/grouped_unroll.h"

#include <algorithm>
#include <optional>

#include "autodiff/ops.h"
#include "optim/groups.h"
#include "optim/learned/fast/fused_unroll.h"
#include "optim/rules.h"

namespace l2l {
namespace {

/// A rule that does not learn: its updates are constants.
class RuleRecorder : public UnrollRecorder {
 public:
  explicit RuleRecorder(const FixedRule& rule) : optimizer_(rule.make()) {}

  void reset(const Layout& layout) override {
    optimizer_->reset(layout);
    update_.resize(layout.size());
  }
  void open(Var) override {}
  Var step(Var theta, std::span<const Real> gradient) override {
    std::fill(update_.begin(), update_.end(), Real(0));
    optimizer_->step(gradient, update_);
    return theta + theta.tape->constant(theta.shape, update_);
  }
  std::size_t bytes() const override { return update_.capacity() * sizeof(Real); }

 private:
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<Real> update_;
};

std::unique_ptr<UnrollRecorder> recorder_of(const OptimizerModel::Part& part, bool fused, int threads) {
  const CoordinateModel* const model = part.model();
  if (!model) return std::make_unique<RuleRecorder>(std::get<FixedRule>(part.optimizer));
  return fused ? make_fused_recorder(*model, threads) : make_composed_recorder(*model);
}

/// A recorder for each group of θ.
class GroupedRecorder : public UnrollRecorder {
 public:
  GroupedRecorder(const OptimizerModel& model, bool fused, int threads) : model_(model) {
    for (const OptimizerModel::Part& part : model.parts()) parts_.push_back(recorder_of(part, fused, threads));
  }

  void reset(const Layout& layout) override {
    groups_.emplace(layout, model_.groups());
    for (Index k = 0; k < groups_->count(); ++k) parts_[k]->reset(groups_->layout(k));
  }
  void open(Var phi) override {
    for (std::size_t k = 0; k < parts_.size(); ++k) parts_[k]->open(model_.parts()[k].weights(phi));
  }
  Var step(Var theta, std::span<const Real> gradient) override {
    return groups_->map(theta, [&](Index k, Var part) { return parts_[k]->step(part, groups_->gather(k, gradient)); });
  }
  std::size_t bytes() const override {
    std::size_t total = 0;
    for (const auto& part : parts_) total += part->bytes();
    return total;
  }

 private:
  OptimizerModel model_;
  std::vector<std::unique_ptr<UnrollRecorder>> parts_;
  std::optional<Groups> groups_;
};

}  // namespace

std::unique_ptr<UnrollRecorder> make_recorder(const OptimizerModel& model, bool fused, int threads) {
  if (model.parts().size() == 1 && model.parts()[0].group.empty()) return recorder_of(model.parts()[0], fused, threads);
  return std::make_unique<GroupedRecorder>(model, fused, threads);
}

}  // namespace l2l
