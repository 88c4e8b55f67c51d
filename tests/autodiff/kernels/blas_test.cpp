#include "autodiff/kernels/blas.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/autodiff/testing.h"

namespace l2l::blas_test {

using namespace l2l::testing;

TEST_CASE("blas: gemm with transposes, row distances and beta equals three loops") {
  struct Size {
    Index M, N, K;
  };
  Random random(1);
  for (const auto [M, N, K] : {Size{3, 4, 5}, Size{9, 17, 33}}) {  // with loops of our own, and with BLAS
    const Index largest = std::max({M, N, K}), lda = largest + 2, ldb = largest + 3, ldc = N + 2;
    for (Trans trans_a : {Trans::no, Trans::yes}) {
      for (Trans trans_b : {Trans::no, Trans::yes}) {
        for (Real beta : {Real(0), Real(1), Real(-0.5)}) {
          const auto a = uniform(random, largest * lda), b = uniform(random, largest * ldb);
          const auto before = uniform(random, M * ldc);
          std::vector<Near> expected(before.begin(), before.end());
          for (Index m = 0; m < M; ++m) {
            for (Index n = 0; n < N; ++n) {
              Sum total;
              total.add(static_cast<Sum::Wide>(beta) * before[m * ldc + n]);
              for (Index k = 0; k < K; ++k) {
                const Sum::Wide op_a = trans_a == Trans::no ? a[m * lda + k] : a[k * lda + m];
                const Sum::Wide op_b = trans_b == Trans::no ? b[k * ldb + n] : b[n * ldb + k];
                total.add(op_a * op_b);
              }
              expected[m * ldc + n] = total;
            }
          }
          auto c = before;
          blas::gemm(trans_a, trans_b, M, N, K, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
          check_close(c, expected);  // exactly what lies between the rows
        }
      }
    }
  }
}

TEST_CASE("blas: beta 0 does not read C") {
  for (const Index size : {1, 20}) {
    const std::vector<Real> a(size * size, 2), b(size * size, 3);
    std::vector<Real> c(size * size, NAN);
    blas::gemm(Trans::no, Trans::no, size, size, size, a.data(), size, b.data(), size, 0, c.data(), size);
    CHECK(c == std::vector<Real>(size * size, static_cast<Real>(6 * size)));
  }
  Real c = NAN;
  blas::gemm(Trans::no, Trans::no, 1, 1, 0, nullptr, 0, nullptr, 1, 0, &c, 1);
  CHECK(c == 0);
}

TEST_CASE("blas: the product over nothing is 0, and a matrix without elements is left alone") {
  Real c[4] = {1, 2, 3, 4};
  blas::gemm(Trans::no, Trans::no, 2, 2, 0, nullptr, 0, nullptr, 2, 1, c, 2);
  CHECK(std::vector<Real>(c, c + 4) == std::vector<Real>{1, 2, 3, 4});
  blas::gemm(Trans::no, Trans::no, 0, 2, 3, nullptr, 3, nullptr, 2, 0, c, 2);
  blas::gemm(Trans::no, Trans::no, 2, 0, 3, nullptr, 3, nullptr, 0, 0, c, 0);
  CHECK(std::vector<Real>(c, c + 4) == std::vector<Real>{1, 2, 3, 4});
  blas::gemm(Trans::yes, Trans::yes, 2, 2, 0, nullptr, 2, nullptr, 0, Real(0.5), c, 2);
  CHECK(std::vector<Real>(c, c + 4) == std::vector<Real>{0.5, 1, 1.5, 2});
}

}  // namespace l2l::blas_test
