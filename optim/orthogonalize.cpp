#include "optim/orthogonalize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/kernels/blas.h"

namespace l2l {

void orthogonalize(Real* matrix, Index rows, Index columns, std::vector<Real>& scratch) {
  constexpr int kIterations = 5;
  constexpr double a = 3.4445, b = -4.7750, c = 2.0315;
  // The Gram matrix of the shorter side: X X^T from the left, or X^T X from the right.
  const bool wide = rows <= columns;
  const Index n = rows * columns, side = std::min(rows, columns);
  const double size = norm({matrix, static_cast<std::size_t>(n)});
  if (size < std::numeric_limits<Real>::min()) {  // its inverse may be infinite
    std::fill_n(matrix, n, Real(0));
    return;
  }
  scratch.resize(2 * side * side + n);
  Real* const gram = scratch.data();
  Real* const polynomial = gram + side * side;
  Real* const X = polynomial + side * side;
  const Real unit = static_cast<Real>(1 / size);
  for (Index k = 0; k < n; ++k) X[k] = matrix[k] * unit;
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    const Trans left = wide ? Trans::no : Trans::yes, right = wide ? Trans::yes : Trans::no;
    blas::gemm(left, right, side, side, std::max(rows, columns), X, columns, X, columns, 0, gram, side);
    blas::gemm(Trans::no, Trans::no, side, side, side, gram, side, gram, side, 0, polynomial, side);
    for (Index k = 0; k < side * side; ++k) {
      polynomial[k] = static_cast<Real>(b) * gram[k] + static_cast<Real>(c) * polynomial[k];
    }
    for (Index k = 0; k < side; ++k) polynomial[k * side + k] += static_cast<Real>(a);
    if (wide) {
      blas::gemm(Trans::no, Trans::no, rows, columns, side, polynomial, side, X, columns, 0, matrix, columns);
    } else {
      blas::gemm(Trans::no, Trans::no, rows, columns, side, X, columns, polynomial, side, 0, matrix, columns);
    }
    std::copy_n(matrix, n, X);
  }
  const Real factor = static_cast<Real>(std::sqrt(static_cast<double>(std::max(rows, columns))));
  for (Index k = 0; k < n; ++k) matrix[k] = factor * X[k];
}

double momentum_decay(Index t, double growth) {
  return std::max(0.0, 1 - 0.1 * std::pow(1000 / static_cast<double>(1 + t), growth));
}

void orthogonal_momentum(const Parameter& map, std::span<const Real> g, std::span<const Real> m, Real beta,
                         std::span<Real> out, std::vector<Real>& scratch) {
  for (std::size_t k = 0; k < g.size(); ++k) out[k] = beta * m[k] + (1 - beta) * g[k];
  orthogonalize(out.data(), map.rows(), map.columns(), scratch);
}

}  // namespace l2l
