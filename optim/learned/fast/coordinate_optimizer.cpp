#include "optim/learned/fast/coordinate_optimizer.h"

#include "autodiff/error.h"
#include "optim/grouped_optimizer.h"
#include "optim/rules.h"

namespace l2l {

CoordinateOptimizer::CoordinateOptimizer(const CoordinateModel& model, std::span<const Real> phi, int threads)
    : blocks_(model, threads) {
  blocks_.set_weights(phi);
}

void CoordinateOptimizer::reset(const Layout& layout) {
  blocks_.reset(layout);
  rows_.resize(blocks_.rows() * layout.size());
}

void CoordinateOptimizer::move_to(const Layout& layout, std::span<const Index> from, Index steps) {
  blocks_.move_to(layout, from, steps);
  rows_.resize(blocks_.rows() * layout.size());
}

void CoordinateOptimizer::step(std::span<const Real> gradient, std::span<Real> theta) {
  const Index n = blocks_.size();
  if (static_cast<Index>(gradient.size()) != n || static_cast<Index>(theta.size()) != n) {
    throw Error("learned optimizer: reset for ", n, " coordinates, stepped with ", gradient.size(), " gradients and ",
                theta.size(), " parameters");
  }
  blocks_.prepare(gradient, rows_.data());
  blocks_.step(rows_.data(), theta.data(), theta.data());
}

std::unique_ptr<Optimizer> make_optimizer(const LearnedOptimizer& learned, int threads) {
  const Index weights = static_cast<Index>(learned.phi.size());
  if (weights != learned.model.layout().size()) {
    throw Error("learned optimizer: ", weights, " weights given, its model has ", learned.model.layout().size());
  }
  std::vector<GroupedOptimizer::Member> members;
  for (const OptimizerModel::Part& part : learned.model.parts()) {
    if (const CoordinateModel* model = part.model()) {
      members.emplace_back(part.group, CoordinateOptimizer(*model, part.weights(learned.phi), threads));
    } else {
      members.emplace_back(part.group, *std::get<FixedRule>(part.optimizer).make());
    }
  }
  if (members.size() == 1) return std::move(members.front().optimizer);
  return std::make_unique<GroupedOptimizer>(members);
}

void set_weights(Optimizer& optimizer, const LearnedOptimizer& learned) {
  const std::vector<OptimizerModel::Part>& parts = learned.model.parts();
  for (std::size_t k = 0; k < parts.size(); ++k) {
    Optimizer& part = parts.size() == 1 ? optimizer : dynamic_cast<GroupedOptimizer&>(optimizer).member(k);
    if (!parts[k].model()) continue;
    dynamic_cast<CoordinateOptimizer&>(part).set_weights(parts[k].weights(std::span(learned.phi)));
  }
}

}  // namespace l2l
