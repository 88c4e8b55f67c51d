#include "optim/lstm_optimizer.h"

#include "autodiff/error.h"

namespace l2l {

LstmOptimizer::LstmOptimizer(const LstmModel& model, std::span<const Real> phi, int threads) : blocks_(model, threads) {
  blocks_.set_weights(phi);
}

void LstmOptimizer::reset(Index n) { blocks_.reset(n); }

void LstmOptimizer::step(std::span<const Real> gradient, std::span<Real> theta) {
  const Index n = blocks_.size();
  if (static_cast<Index>(gradient.size()) != n || static_cast<Index>(theta.size()) != n) {
    throw Error("lstm optimizer: reset for ", n, " coordinates, stepped with ", gradient.size(), " gradients and ",
                theta.size(), " parameters");
  }
  blocks_.step(gradient.data(), theta.data(), theta.data());
}

}  // namespace l2l
