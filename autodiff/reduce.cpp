#include "autodiff/error.h"
#include "autodiff/kernels/parallel.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

void check_matrix(const char* op, const Var& x) {
  if (x.shape.rank() != 2) throw Error(op, ": shape ", x.shape, " is not a matrix");
}

/// Σ_k term(k) for k < n in double, since a float loses digits after some thousand terms. Eight partial sums fill
/// vector registers, and their order is the same on every machine.
template <class Term>
double sum_of(Index n, Term term) {
  double partial[8] = {};
  Index k = 0;
  for (; k + 8 <= n; k += 8) {
    for (int lane = 0; lane < 8; ++lane) partial[lane] += term(k + lane);
  }
  for (int lane = 0; k < n; ++k, ++lane) partial[lane] += term(k);
  return ((partial[0] + partial[4]) + (partial[2] + partial[6])) +
         ((partial[1] + partial[5]) + (partial[3] + partial[7]));
}
double sum_of(const Real* x, Index n) {
  return sum_of(n, [=](Index k) { return x[k]; });
}

}  // namespace

Var add_row_bias(Var x, Var bias) {
  if (x.shape.rank() != 2 || bias.shape != Shape{x.shape[1]}) {
    throw Error("add_row_bias: shapes ", x.shape, " and ", bias.shape, " do not fit, [NxM] and [M] would");
  }
  auto y = Tape::output("add_row_bias", x.shape, {x, bias});
  const Index N = x.shape[0], M = x.shape[1];
  for (Index n = 0; n < N; ++n) {
    for (Index m = 0; m < M; ++m) y.out[n * M + m] = x.value[n * M + m] + bias.value[m];
  }
  y.tape->record("add_row_bias", {x, bias}, y, [=] {
    for (Index n = 0; n < N; ++n) {
      const Real* dy = y.grad + n * M;
      if (x.grad) {
        for (Index m = 0; m < M; ++m) x.grad[n * M + m] += dy[m];
      }
      if (bias.grad) {
        for (Index m = 0; m < M; ++m) bias.grad[m] += dy[m];
      }
    }
  });
  return y;
}

Var add_column_bias(Var x, Var bias) {
  if (x.shape.rank() != 2 || bias.shape != Shape{x.shape[0]}) {
    throw Error("add_column_bias: shapes ", x.shape, " and ", bias.shape, " do not fit, [NxM] and [N] would");
  }
  auto y = Tape::output("add_column_bias", x.shape, {x, bias});
  const Index N = x.shape[0], M = x.shape[1];
  for (Index n = 0; n < N; ++n) {
    const Real b = bias.value[n];
    for (Index m = 0; m < M; ++m) y.out[n * M + m] = x.value[n * M + m] + b;
  }
  y.tape->record("add_column_bias", {x, bias}, y, [=] {
    for (Index n = 0; n < N; ++n) {
      const Real* dy = y.grad + n * M;
      if (x.grad) {
        for (Index m = 0; m < M; ++m) x.grad[n * M + m] += dy[m];
      }
      if (bias.grad) bias.grad[n] += static_cast<Real>(sum_of(dy, M));
    }
  });
  return y;
}

Var row_sums(Var x) {
  check_matrix("row_sums", x);
  const Index N = x.shape[0], M = x.shape[1];
  auto y = Tape::output("row_sums", {N}, {x});
  for (Index n = 0; n < N; ++n) y.out[n] = static_cast<Real>(sum_of(x.value + n * M, M));
  y.tape->record("row_sums", {x}, y, [=] {
    for (Index n = 0; n < N; ++n) {
      const Real dy = y.grad[n];
      for (Index m = 0; m < M; ++m) x.grad[n * M + m] += dy;
    }
  });
  return y;
}

Var column_sums(Var x) {
  check_matrix("column_sums", x);
  const Index N = x.shape[0], M = x.shape[1];
  auto y = Tape::output("column_sums", {M}, {x});
  for (Index m = 0; m < M; ++m) y.out[m] = 0;
  for (Index n = 0; n < N; ++n) {
    for (Index m = 0; m < M; ++m) y.out[m] += x.value[n * M + m];
  }
  y.tape->record("column_sums", {x}, y, [=] {
    for (Index n = 0; n < N; ++n) {
      for (Index m = 0; m < M; ++m) x.grad[n * M + m] += y.grad[m];
    }
  });
  return y;
}

Var sum(Var x) {
  auto y = Tape::output("sum", {}, {x});
  *y.out = static_cast<Real>(sum_of(x.value, x.size()));
  y.tape->record("sum", {x}, y, [=] {
    const Index n = x.size();
    const Real dy = *y.grad;
    for (Index k = 0; k < n; ++k) x.grad[k] += dy;
  });
  return y;
}

Var mean(Var x) {
  if (x.size() == 0) throw Error("mean: shape ", x.shape, " is empty");
  return sum(x) / static_cast<Real>(x.size());
}

// d = Σ (x - y)²,   ∂L/∂x = 2 dd (x - y) = -∂L/∂y
Var squared_distance(Var x, Var y) {
  if (x.shape != y.shape) throw Error("squared_distance: shapes ", x.shape, " and ", y.shape, " differ");
  auto d = Tape::output("squared_distance", {}, {x, y});
  *d.out = static_cast<Real>(sum_of(x.size(), [=](Index k) {
    const double difference = static_cast<double>(x.value[k]) - y.value[k];
    return difference * difference;
  }));
  d.tape->record("squared_distance", {x, y}, d, [=] {
    // One after the other: x and y may be slices of the same array that overlap.
    const auto add = [=](Real* grad, Real factor) {
      if (!grad) return;
      parallel_pieces(d.tape->threads(), x.size(), [=](Index first, Index count) {
        for (Index k = first; k < first + count; ++k) grad[k] += factor * (x.value[k] - y.value[k]);
      });
    };
    add(x.grad, 2 * *d.grad);
    add(y.grad, -2 * *d.grad);
  });
  return d;
}

}  // namespace l2l
