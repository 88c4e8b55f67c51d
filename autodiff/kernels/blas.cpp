#include "autodiff/kernels/blas.h"

#include <cblas-openblas.h>
#include <sys/mman.h>

#include <atomic>
#include <mutex>
#include <new>

namespace l2l::blas {
namespace {

#ifdef L2L_DOUBLE
constexpr auto cblas_gemm = cblas_dgemm;
#else
constexpr auto cblas_gemm = cblas_sgemm;
#endif

/// The same in three loops. For some hundred terms this is faster than a call of BLAS.
void small_gemm(Trans trans_a, Trans trans_b, Index M, Index N, Index K, const Real* A, Index lda, const Real* B,
                Index ldb, Real beta, Real* C, Index ldc) {
  const Index a_row = trans_a == Trans::no ? lda : 1, a_column = trans_a == Trans::no ? 1 : lda;
  const Index b_row = trans_b == Trans::no ? ldb : 1, b_column = trans_b == Trans::no ? 1 : ldb;
  for (Index m = 0; m < M; ++m) {
    for (Index n = 0; n < N; ++n) {
      Real sum = 0;
      for (Index k = 0; k < K; ++k) sum += A[m * a_row + k * a_column] * B[k * b_row + n * b_column];
      C[m * ldc + n] = beta == 0 ? sum : beta * C[m * ldc + n] + sum;
    }
  }
}

/// OpenBLAS allocates a buffer of this size for each thread that is inside it at the same time, and keeps it. If there
/// is no memory for one more, it retries forever.
constexpr std::size_t kBuffer = std::size_t{32} << 22;

/// Held while a thread is inside OpenBLAS. Throws std::bad_alloc if there is no memory for another buffer that it
/// needs.
class Stay {
 public:
  Stay() {
    const int together = ++inside_;
    if (together > buffers_) make_sure_of(together);
  }
  ~Stay() { --inside_; }

 private:
  static void make_sure_of(int buffers) {
    const std::lock_guard lock(growth_);
    if (buffers <= buffers_) return;
    void* room = mmap(nullptr, kBuffer, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) {
      --inside_;
      throw std::bad_alloc();
    }
    munmap(room, kBuffer);
    buffers_ = buffers;
  }

  static inline std::atomic<int> inside_ = 0, buffers_ = 0;
  static inline std::mutex growth_;
};

}  // namespace

void gemm(Trans trans_a, Trans trans_b, Index M, Index N, Index K, const Real* A, Index lda, const Real* B, Index ldb,
          Real beta, Real* C, Index ldc) {
  static const bool single_thread = (openblas_set_num_threads(1), true);
  (void)single_thread;
  if (M == 0 || N == 0) return;
  constexpr Index kSmall = 256;
  if (M * N * K <= kSmall) {  // this includes K = 0, which BLAS rejects: the empty product is 0
    small_gemm(trans_a, trans_b, M, N, K, A, lda, B, ldb, beta, C, ldc);
    return;
  }
  const Stay stay;
  const auto blas_trans = [](Trans trans) { return trans == Trans::yes ? CblasTrans : CblasNoTrans; };
  cblas_gemm(CblasRowMajor, blas_trans(trans_a), blas_trans(trans_b), static_cast<int>(M), static_cast<int>(N),
             static_cast<int>(K), Real(1), A, static_cast<int>(lda), B, static_cast<int>(ldb), beta, C,
             static_cast<int>(ldc));
}

}  // namespace l2l::blas
