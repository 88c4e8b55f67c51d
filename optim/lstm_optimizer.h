#pragma once
#include <memory>

#include "optim/lstm_blocks.h"
#include "optim/optimizer.h"

namespace l2l {

/// Runs a learned optimizer on any flat θ:
///
///     l2l::LstmOptimizer optimizer(l2l::LearnedOptimizer::load("optimizer.safetensors"));
///     optimizer.reset(theta.size());
///     optimizer.step(gradient, theta);   // as often as you like
class LstmOptimizer : public Optimizer {
 public:
  explicit LstmOptimizer(const LearnedOptimizer& learned, int threads = 1);

  void reset(Index n) override;
  void step(std::span<const Real> gradient, std::span<Real> theta) override;
  std::unique_ptr<Optimizer> clone() const override { return std::make_unique<LstmOptimizer>(*this); }

 private:
  LstmBlocks blocks_;
};

}  // namespace l2l
