#include "optim/optimizee.h"

#include <algorithm>

#include "autodiff/error.h"

namespace l2l {

Real Gradient::operator()(Optimizee& f, std::span<const Real> theta) {
  gradient_.assign(theta.size(), Real(0));
  tape_.clear();
  Var loss = f.loss(tape_, tape_.leaf({static_cast<Index>(theta.size())}, theta.data(), gradient_.data()));
  tape_.backward(loss);
  return loss.item();
}

GradientCheck gradcheck(Optimizee& f, Rng& rng, const GradientCheckOptions& options) {
  f.sample(rng, Split::train);
  f.next_batch(rng);
  std::vector<Real> theta(f.layout().size());
  f.init(rng, theta);
  const auto loss = [&](Tape& tape, std::span<const Var> x) { return f.loss(tape, x[0]); };
  return gradcheck(loss, {Shape{f.layout().size()}}, {theta}, options);
}

}  // namespace l2l
