#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {

// y = f,   ∂L/∂x = dy · gradient
Var known_gradient(Var x, Real f, std::span<const Real> gradient) {
  if (static_cast<Index>(gradient.size()) != x.size()) {
    throw Error("known_gradient: x has shape ", x.shape, ", its gradient has ", gradient.size(), " elements");
  }
  auto y = Tape::output("known_gradient", {}, {x});
  *y.out = f;
  y.tape->record("known_gradient", {x}, y, [=, g = y.tape->copy(gradient)] {
    const Real dy = *y.grad;
    const Index n = x.size();
    for (Index k = 0; k < n; ++k) x.grad[k] += dy * g[k];
  });
  return y;
}

}  // namespace l2l
