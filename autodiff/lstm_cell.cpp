#include "autodiff/error.h"
#include "autodiff/kernels/vector_math.h"
#include "autodiff/ops.h"

namespace l2l {

// With the activations i, f, g, o:   c' = f c + i g,   h' = o tanh(c')
// Backward, with dc = dc' + dh' o (1 - tanh²(c')):
//   ∂L/∂gates = dc g i (1 - i),  dc c f (1 - f),  dc i (1 - g²),  dh' tanh(c') o (1 - o),   ∂L/∂c = dc f
LstmState lstm_cell(Var gates, Var c) {
  if (c.shape.rank() != 2 || gates.shape != Shape{Index(4) * c.shape[0], c.shape[1]}) {
    throw Error("lstm_cell: gates ", gates.shape, " and c ", c.shape, " do not fit, [4HxN] and [HxN] would");
  }
  const Index H = c.shape[0], N = c.shape[1], n = H * N;
  // h' and c' are the two halves of one output, so that the op is one node.
  auto y = Tape::output("lstm_cell", {2 * H, N}, {gates, c});
  Real* const activation = y.tape->scratch(5 * n);  // σ(i), σ(f), tanh(g), σ(o), tanh(c'), each [H, N]
  simd::map(gates.value, activation, 2 * n, simd::sigmoid);
  simd::map(gates.value + 2 * n, activation + 2 * n, n, simd::tanh);
  simd::map(gates.value + 3 * n, activation + 3 * n, n, simd::sigmoid);
  const Real *i = activation, *f = i + n, *g = f + n, *o = g + n;
  Real* tanh_c = activation + 4 * n;
  for (Index k = 0; k < n; ++k) y.out[n + k] = f[k] * c.value[k] + i[k] * g[k];
  simd::map(y.out + n, tanh_c, n, simd::tanh);
  for (Index k = 0; k < n; ++k) y.out[k] = o[k] * tanh_c[k];

  y.tape->record("lstm_cell", {gates, c}, y, [=] {
    const Real *i = activation, *f = i + n, *g = f + n, *o = g + n, *tanh_c = o + n;
    const auto dc = [=](Index k) { return y.grad[n + k] + y.grad[k] * o[k] * (1 - tanh_c[k] * tanh_c[k]); };
    // A loop for each array, simple enough for the compiler to vectorise.
    const auto add = [=](Real* to, auto term) {
      for (Index k = 0; k < n; ++k) to[k] += term(k);
    };
    if (gates.grad) {
      add(gates.grad, [=](Index k) { return dc(k) * g[k] * i[k] * (1 - i[k]); });
      add(gates.grad + n, [=](Index k) { return dc(k) * c.value[k] * f[k] * (1 - f[k]); });
      add(gates.grad + 2 * n, [=](Index k) { return dc(k) * i[k] * (1 - g[k] * g[k]); });
      add(gates.grad + 3 * n, [=](Index k) { return y.grad[k] * tanh_c[k] * o[k] * (1 - o[k]); });
    }
    if (c.grad) add(c.grad, [=](Index k) { return dc(k) * f[k]; });
  });
  return {slice(y, 0, H), slice(y, H, H)};
}

}  // namespace l2l
