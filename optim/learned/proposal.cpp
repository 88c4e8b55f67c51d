#include "optim/learned/proposal.h"

#include <numbers>

#include "autodiff/ops.h"
#include "nn/spelling.h"
#include "optim/learned/preprocess.h"

namespace l2l {

Real Proposal::clock_exponent() const {
  return static_cast<Real>(-decay * Preprocess::kClockDecades * std::numbers::ln10);
}

Var Proposal::operator()(Var o, Var direction, Var clock) const {
  const Real c = static_cast<Real>(scale);
  const Shape n{o.shape[1]};
  if (kind == Kind::scaled) return reshape(o * c, n);
  if (kind == Kind::squashed) return reshape(tanh(o) * c, n);
  const Var a = reshape(slice(o, 0, 1), n), b = reshape(slice(o, 1, 1), n);
  const Var u = static_cast<Real>(-rate) * exp(Real(3) * tanh(a / Real(3))) * direction - c * tanh(b);
  return decay > 0 ? exp(clock * clock_exponent()) * u : u;
}

namespace {
const Names<Proposal::Kind>& proposals() {
  static const Names<Proposal::Kind> names("proposal", {{"scaled", Proposal::Kind::scaled},
                                                        {"squashed", Proposal::Kind::squashed},
                                                        {"anchored", Proposal::Kind::anchored}});
  return names;
}
}  // namespace

Proposal::Kind parse_proposal(std::string_view name) { return proposals().parse(name); }
std::string_view name_of(Proposal::Kind kind) { return proposals().name_of(kind); }

}  // namespace l2l
