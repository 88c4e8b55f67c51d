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
  explicit RuleRecorder(const FixedRule& rule) : optimizer_(find_rule(rule.name).make(rule.learning_rate)) {}

  void reset(Index n) override {
    optimizer_->reset(n);
    update_.resize(n);
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

/// A recorder for each part of the model, and θ cut and joined on the tape.
class GroupedRecorder : public UnrollRecorder {
 public:
  GroupedRecorder(const OptimizerModel& model, bool fused, int threads) : model_(model) {
    for (const OptimizerModel::Part& part : model.parts()) {
      if (const LstmModel* lstm = part.lstm()) {
        parts_.push_back(fused ? make_fused_recorder(*lstm, threads) : make_composed_recorder(*lstm));
      } else {
        parts_.push_back(std::make_unique<RuleRecorder>(std::get<FixedRule>(part.optimizer)));
      }
    }
  }

  void reset(Index n) override {
    Layout layout;
    layout.add("theta", {n});
    reset_for(layout);
  }
  void reset_for(const Layout& layout) override {
    groups_.emplace(layout, model_.groups());
    for (Index k = 0; k < groups_->count(); ++k) parts_[k]->reset(groups_->size(k));
  }
  void open(Var phi) override {
    for (std::size_t k = 0; k < parts_.size(); ++k) parts_[k]->open(model_.parts()[k].weights(phi));
  }
  Var step(Var theta, std::span<const Real> gradient) override {
    next_.clear();
    for (Index k = 0; k < groups_->count(); ++k) {
      gradient_.resize(groups_->size(k));
      groups_->gather(k, gradient, gradient_);
      next_.push_back(parts_[k]->step(groups_->gather(k, theta), gradient_));
    }
    return groups_->merge(next_);
  }
  std::size_t bytes() const override {
    std::size_t total = gradient_.capacity() * sizeof(Real);
    for (const auto& part : parts_) total += part->bytes();
    return total;
  }

 private:
  OptimizerModel model_;
  std::vector<std::unique_ptr<UnrollRecorder>> parts_;
  std::optional<Groups> groups_;
  std::vector<Real> gradient_;  // of a part at work
  std::vector<Var> next_;  // θ_{t+1} of each part
};

}  // namespace

std::unique_ptr<UnrollRecorder> make_recorder(const OptimizerModel& model, bool fused, int threads) {
  return std::make_unique<GroupedRecorder>(model, fused, threads);
}

}  // namespace l2l
