#include "optim/function.h"

#include "autodiff/ops.h"

namespace l2l {

double Evaluation::operator()(Function& f, std::span<const Real> theta) {
  gradient_.assign(theta.size(), Real(0));
  functions_ = static_cast<double>(f.functions());
  tape_.clear();
  const Var loss = f.loss(tape_, tape_.leaf({static_cast<Index>(theta.size())}, theta.data(), gradient_.data()));
  tape_.backward(loss);
  return loss_ = loss.item() / functions_;
}

Var Evaluation::on_tape(Var theta, double weight) const {
  return static_cast<Real>(weight / functions_) *
         known_gradient(theta, static_cast<Real>(loss_ * functions_), gradient_);
}

double Evaluation::along(std::span<const Real> x) const {
  double product = 0;
  for (std::size_t k = 0; k < x.size(); ++k) product += static_cast<double>(x[k]) * gradient_[k] / functions_;
  return product;
}

GradientCheck gradcheck(const Family& family, Rng& rng, const GradientCheckOptions& options) {
  const std::unique_ptr<Function> f = family(rng, Split::train);
  f->next_batch(rng);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  const auto loss = [&](Tape& tape, std::span<const Var> x) { return f->loss(tape, x[0]); };
  return gradcheck(loss, {Shape{f->layout().size()}}, {theta}, options);
}

}  // namespace l2l
