#pragma once
#include "autodiff/shape.h"
#include "autodiff/types.h"

/// The only place that calls BLAS. It runs on one thread, as its results would change with its thread count. Our own
/// threads split the work above it.
namespace l2l::blas {

/// C = op(A) op(B) + beta C for row-major matrices; op(A): [M, K], op(B): [K, N], C: [M, N].
/// `lda`, `ldb`, `ldc`: distance between the starts of two rows as stored.
void gemm(Trans trans_a, Trans trans_b, Index M, Index N, Index K, const Real* A, Index lda, const Real* B, Index ldb,
          Real beta, Real* C, Index ldc);

}  // namespace l2l::blas
