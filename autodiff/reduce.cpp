#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

void check_matrix(const char* op, const Var& x) {
  if (x.shape.rank() != 2) throw Error(op, ": shape ", x.shape, " is not a matrix");
}

}  // namespace

Var add_row_bias(Var x, Var bias) {
  if (x.shape.rank() != 2 || bias.shape != Shape{x.shape[1]}) {
    throw Error("add_row_bias: shapes ", x.shape, " and ", bias.shape, " do not fit, [NxM] and [M] would");
  }
  Var y = Tape::output("add_row_bias", x.shape, {x, bias});
  const Index N = x.shape[0], M = x.shape[1];
  for (Index n = 0; n < N; ++n) {
    for (Index m = 0; m < M; ++m) y.value[n * M + m] = x.value[n * M + m] + bias.value[m];
  }
  y.tape->record(y, [=] {
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
  Var y = Tape::output("add_column_bias", x.shape, {x, bias});
  const Index N = x.shape[0], M = x.shape[1];
  for (Index n = 0; n < N; ++n) {
    for (Index m = 0; m < M; ++m) y.value[n * M + m] = x.value[n * M + m] + bias.value[n];
  }
  y.tape->record(y, [=] {
    for (Index n = 0; n < N; ++n) {
      const Real* dy = y.grad + n * M;
      if (x.grad) {
        for (Index m = 0; m < M; ++m) x.grad[n * M + m] += dy[m];
      }
      if (bias.grad) {
        Real total = 0;
        for (Index m = 0; m < M; ++m) total += dy[m];
        bias.grad[n] += total;
      }
    }
  });
  return y;
}

Var row_sums(Var x) {
  check_matrix("row_sums", x);
  const Index N = x.shape[0], M = x.shape[1];
  Var y = Tape::output("row_sums", {N}, {x});
  for (Index n = 0; n < N; ++n) {
    double total = 0;
    for (Index m = 0; m < M; ++m) total += x.value[n * M + m];
    y.value[n] = static_cast<Real>(total);
  }
  y.tape->record(y, [=] {
    for (Index n = 0; n < N; ++n) {
      for (Index m = 0; m < M; ++m) x.grad[n * M + m] += y.grad[n];
    }
  });
  return y;
}

Var column_sums(Var x) {
  check_matrix("column_sums", x);
  const Index N = x.shape[0], M = x.shape[1];
  Var y = Tape::output("column_sums", {M}, {x});
  for (Index m = 0; m < M; ++m) y.value[m] = 0;
  for (Index n = 0; n < N; ++n) {
    for (Index m = 0; m < M; ++m) y.value[m] += x.value[n * M + m];
  }
  y.tape->record(y, [=] {
    for (Index n = 0; n < N; ++n) {
      for (Index m = 0; m < M; ++m) x.grad[n * M + m] += y.grad[m];
    }
  });
  return y;
}

Var sum(Var x) {
  Var y = Tape::output("sum", {}, {x});
  double total = 0;  // in double: a float loses digits after some thousand terms
  for (Index k = 0; k < x.size(); ++k) total += x.value[k];
  *y.value = static_cast<Real>(total);
  y.tape->record(y, [=] {
    const Index n = x.size();
    for (Index k = 0; k < n; ++k) x.grad[k] += *y.grad;
  });
  return y;
}

Var mean(Var x) {
  if (x.size() == 0) throw Error("mean: shape ", x.shape, " is empty");
  return sum(x) / static_cast<Real>(x.size());
}

}  // namespace l2l
