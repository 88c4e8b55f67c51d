#include "autodiff/blas.h"

#include <cblas-openblas.h>

namespace l2l::blas {
namespace {

#ifdef L2L_DOUBLE
constexpr auto cblas_gemm = cblas_dgemm;
#else
constexpr auto cblas_gemm = cblas_sgemm;
#endif

}  // namespace

void gemm(Trans trans_a, Trans trans_b, Index M, Index N, Index K, const Real* A, Index lda, const Real* B, Index ldb,
          Real beta, Real* C, Index ldc) {
  static const bool single_thread = (openblas_set_num_threads(1), true);
  (void)single_thread;
  if (M == 0 || N == 0) return;
  if (K == 0) {  // BLAS rejects leading dimensions of 0, and the empty product is 0
    for (Index m = 0; m < M; ++m) {
      for (Index n = 0; n < N; ++n) C[m * ldc + n] = beta == 0 ? 0 : beta * C[m * ldc + n];
    }
    return;
  }
  const auto blas_trans = [](Trans trans) { return trans == Trans::yes ? CblasTrans : CblasNoTrans; };
  cblas_gemm(CblasRowMajor, blas_trans(trans_a), blas_trans(trans_b), static_cast<int>(M), static_cast<int>(N),
             static_cast<int>(K), Real(1), A, static_cast<int>(lda), B, static_cast<int>(ldb), beta, C,
             static_cast<int>(ldc));
}

}  // namespace l2l::blas
