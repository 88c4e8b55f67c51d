#include <algorithm>

#include "autodiff/error.h"
#include "autodiff/kernels/blas.h"
#include "autodiff/kernels/parallel.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

/// One matrix product of the batch: its extents, and which factors are transposed.
struct Product {
  Index M, N, K;
  Trans trans_a, trans_b;
  Index lda() const { return trans_a == Trans::no ? K : M; }
  Index ldb() const { return trans_b == Trans::no ? N : K; }

  // C = op(A) op(B)
  void forward(const Real* a, const Real* b, Real* c) const {
    blas::gemm(trans_a, trans_b, M, N, K, a, lda(), b, ldb(), 0, c, N);
  }
  // d op(A) += dC op(B)ᵀ. If op transposes, this adds the transpose, as dA has the shape of A.
  void backward_a(const Real* dc, const Real* b, Real* da) const {
    const Trans other_b = trans_b == Trans::no ? Trans::yes : Trans::no;
    if (trans_a == Trans::no) {
      blas::gemm(Trans::no, other_b, M, K, N, dc, N, b, ldb(), 1, da, lda());
    } else {
      blas::gemm(trans_b, Trans::yes, K, M, N, b, ldb(), dc, N, 1, da, lda());
    }
  }
  // d op(B) += op(A)ᵀ dC, likewise
  void backward_b(const Real* dc, const Real* a, Real* db) const {
    const Trans other_a = trans_a == Trans::no ? Trans::yes : Trans::no;
    if (trans_b == Trans::no) {
      blas::gemm(other_a, Trans::no, K, N, M, a, lda(), dc, N, 1, db, ldb());
    } else {
      blas::gemm(Trans::yes, trans_a, N, K, M, dc, N, a, lda(), 1, db, ldb());
    }
  }
};

/// The product of the last two dimensions, for each entry of the (at most one) dimension before them.
Var product(const char* op, int rank, Var a, Var b, Trans trans_a, Trans trans_b) {
  const int row = rank - 2, column = rank - 1;
  const bool flip_a = trans_a == Trans::yes, flip_b = trans_b == Trans::yes;
  const auto name = [](bool flip) { return flip ? " transposed" : ""; };
  if (a.shape.rank() != rank || b.shape.rank() != rank || (rank == 3 && a.shape[0] != b.shape[0]) ||
      a.shape[flip_a ? row : column] != b.shape[flip_b ? column : row]) {
    throw Error(op, ": shapes ", a.shape, name(flip_a), " and ", b.shape, name(flip_b), " do not fit");
  }
  const Index batch = rank == 3 ? a.shape[0] : 1;
  const Index M = a.shape[flip_a ? column : row], K = a.shape[flip_a ? row : column];
  const Index N = b.shape[flip_b ? row : column];
  const Product p{M, N, K, trans_a, trans_b};

  auto c = Tape::output(op, rank == 3 ? Shape{batch, M, N} : Shape{M, N}, {a, b});
  for (Index k = 0; k < batch; ++k) p.forward(a.value + k * M * K, b.value + k * K * N, c.out + k * M * N);
  c.tape->record(op, {a, b}, c, [=] {
    for (Index k = 0; k < batch; ++k) {
      const Real* dc = c.grad + k * p.M * p.N;
      if (a.grad) p.backward_a(dc, b.value + k * p.K * p.N, a.grad + k * p.M * p.K);
      if (b.grad) p.backward_b(dc, a.value + k * p.M * p.K, b.grad + k * p.K * p.N);
    }
  });
  return c;
}

}  // namespace

Var matmul(Var a, Var b, Trans trans_a, Trans trans_b) { return product("matmul", 2, a, b, trans_a, trans_b); }

namespace {

/// n numbers in panels, the units of work for threads. Their number depends on n alone, and so do the results.
struct Panels {
  Index n, size;

  Panels(Index n, Index least) : n(n), size(std::max(least, (n + 7) / 8)) {}
  Index count() const { return (n + size - 1) / size; }
  Index first(Index panel) const { return panel * size; }
  Index length(Index panel) const { return std::min(size, n - panel * size); }
};

/// x + xᵀ of x [R, R], in squares that fit in the first-level cache, as its columns do not.
void add_transpose(const Real* x, Index R, Real* sum) {
  constexpr Index kSide = 32;
  for (Index top = 0; top < R; top += kSide) {
    for (Index left = 0; left < R; left += kSide) {
      for (Index i = top; i < std::min(top + kSide, R); ++i) {
        for (Index j = left; j < std::min(left + kSide, R); ++j) sum[i * R + j] = x[i * R + j] + x[j * R + i];
      }
    }
  }
}

}  // namespace

//   y = x xᵀ,   ∂L/∂x = (dy + dyᵀ) x
Var gram(Var x) {
  if (x.shape.rank() != 2) throw Error("gram: shape ", x.shape, " is not [RxC]");
  const Index R = x.shape[0], C = x.shape[1];
  const Panels rows(R, 32);
  auto y = Tape::output("gram", {R, R}, {x});
  // Panel p of y up to the diagonal: the later it is, the longer. So one from the front and one from the back are a
  // pair.
  parallel_for(y.tape->threads(), (rows.count() + 1) / 2, [=](Index pair, int) {
    for (const Index p : {pair, rows.count() - 1 - pair}) {
      const Index first = rows.first(p), count = rows.length(p);
      blas::gemm(Trans::no, Trans::yes, count, first + count, C, x.value + first * C, C, x.value, C, 0,
                 y.out + first * R, R);
      if (2 * pair == rows.count() - 1) break;  // the middle one is its own partner
    }
  });
  for (Index i = 0; i < R; ++i) {
    for (Index j = i + 1; j < R; ++j) y.out[i * R + j] = y.out[j * R + i];
  }
  y.tape->record("gram", {x}, y, [=] {
    const Tape::Workspace workspace = y.tape->workspace(R * R);
    Real* const sum = workspace;
    add_transpose(y.grad, R, sum);
    // BLAS copies both factors; that of which there is less is copied for each panel.
    const Panels panels(std::max(R, C), 64);
    parallel_for(y.tape->threads(), panels.count(), [=](Index p, int) {
      const Index first = panels.first(p), count = panels.length(p);
      if (R > C) {
        blas::gemm(Trans::no, Trans::no, count, C, R, sum + first * R, R, x.value, C, 1, x.grad + first * C, C);
      } else {
        blas::gemm(Trans::no, Trans::no, R, count, R, sum, R, x.value + first, C, 1, x.grad + first, C);
      }
    });
  });
  return y;
}

Var batched_matmul(Var a, Var b, Trans trans_a, Trans trans_b) {
  return product("batched_matmul", 3, a, b, trans_a, trans_b);
}

}  // namespace l2l
