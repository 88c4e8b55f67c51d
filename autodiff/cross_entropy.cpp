#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/kernels/vector_math.h"
#include "autodiff/ops.h"

namespace l2l {

// With p = softmax(logits):  f = -1/N Σ_n log p[n, label_n],   ∂f/∂logits[n, c] = (p[n, c] - [c = label_n]) / N
Var softmax_cross_entropy(Var logits, std::span<const int> labels) {
  const Shape& shape = logits.shape;
  if (shape.rank() != 2 || shape[0] == 0 || static_cast<Index>(labels.size()) != shape[0]) {
    throw Error("softmax_cross_entropy: logits ", shape, " and ", labels.size(), " labels; [NxC] and N ≥ 1 would fit");
  }
  const Index N = shape[0], C = shape[1];
  for (Index n = 0; n < N; ++n) {
    if (labels[n] < 0 || labels[n] >= C) {
      throw Error("softmax_cross_entropy: label ", labels[n], " of row ", n, " is not in 0 to ", C - 1);
    }
  }
  auto y = Tape::output("softmax_cross_entropy", {}, {logits});
  Real* p = y.tape->scratch(N * C);
  double total = 0;
  // Subtracting the row's maximum changes nothing in softmax and keeps exp from overflowing.
  for (Index n = 0; n < N; ++n) {
    const Real* row = logits.value + n * C;
    const Real largest = *std::max_element(row, row + C);
    for (Index c = 0; c < C; ++c) p[n * C + c] = row[c] - largest;
    total -= p[n * C + labels[n]];
  }
  simd::map(p, p, N * C, simd::exp);
  for (Index n = 0; n < N; ++n) {
    Real z = 0;
    for (Index c = 0; c < C; ++c) z += p[n * C + c];
    for (Index c = 0; c < C; ++c) p[n * C + c] /= z;
    total += std::log(z);
  }
  *y.out = static_cast<Real>(total / static_cast<double>(N));
  y.tape->record("softmax_cross_entropy", {logits}, y, [=, label = y.tape->copy(labels)] {
    const Real scale = *y.grad / static_cast<Real>(N);
    for (Index n = 0; n < N; ++n) {
      for (Index c = 0; c < C; ++c) logits.grad[n * C + c] += scale * p[n * C + c];
      logits.grad[n * C + label[n]] -= scale;
    }
  });
  return y;
}

}  // namespace l2l
