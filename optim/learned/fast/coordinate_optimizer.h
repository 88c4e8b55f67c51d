#pragma once
#include <memory>

#include "optim/learned/fast/coordinate_blocks.h"
#include "optim/learned/learned_optimizer.h"
#include "optim/optimizer.h"

namespace l2l {

/// Runs one trained model on any flat θ (`make_optimizer` runs those of several parts too):
///
///     l2l::CoordinateOptimizer optimizer(l2l::LearnedOptimizer::load("optimizer.safetensors"));
///     optimizer.reset(layout);
///     optimizer.step(gradient, theta);   // as often as you like
class CoordinateOptimizer : public Optimizer {
 public:
  /// An Error if the optimizer has several parts.
  explicit CoordinateOptimizer(const LearnedOptimizer& learned, int threads = 1)
      : CoordinateOptimizer(learned.model.single(), learned.phi, threads) {}
  CoordinateOptimizer(const CoordinateModel& model, std::span<const Real> phi, int threads = 1);

  /// Other weights, with the same state.
  void set_weights(std::span<const Real> phi) { blocks_.set_weights(phi); }
  void reset(const Layout& layout) override;
  /// An Error if there are not as many parameters, or a coordinate is none of the present ones.
  void move_to(const Layout& layout, std::span<const Index> from, Index steps) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<CoordinateOptimizer>(*this); }

 private:
  CoordinateBlocks blocks_;
  std::vector<Real> rows_;  // of the present step
};

/// Runs a learned optimizer of any kind. One of several parts needs a layout with its groups at `reset`.
std::unique_ptr<Optimizer> make_optimizer(const LearnedOptimizer& learned, int threads = 1);
/// Gives an optimizer that was made of the same model the weights of `learned`; it keeps its state.
void set_weights(Optimizer& optimizer, const LearnedOptimizer& learned);

}  // namespace l2l
