#include "autodiff/blas.h"

#include <cmath>

#include "tests/autodiff/testing.h"

using namespace l2l;
using namespace l2l::testing;

TEST_CASE("blas: gemm with transposes, row distances and beta equals three loops") {
  Random random(1);
  for (Trans trans_a : {Trans::no, Trans::yes}) {
    for (Trans trans_b : {Trans::no, Trans::yes}) {
      for (Real beta : {Real(0), Real(1), Real(-0.5)}) {
        const Index M = 3, N = 4, K = 5, lda = 7, ldb = 8, ldc = 6;
        const auto a = uniform(random, 5 * lda), b = uniform(random, 5 * ldb), before = uniform(random, M * ldc);
        std::vector<double> expected(before.begin(), before.end());
        for (Index m = 0; m < M; ++m) {
          for (Index n = 0; n < N; ++n) {
            double total = beta * before[m * ldc + n];
            for (Index k = 0; k < K; ++k) {
              const double op_a = trans_a == Trans::no ? a[m * lda + k] : a[k * lda + m];
              const double op_b = trans_b == Trans::no ? b[k * ldb + n] : b[n * ldb + k];
              total += op_a * op_b;
            }
            expected[m * ldc + n] = total;
          }
        }
        auto c = before;
        blas::gemm(trans_a, trans_b, M, N, K, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
        check_close(c, expected);  // also what lies between the rows
      }
    }
  }
}

TEST_CASE("blas: beta 0 does not read C") {
  const Real a = 2, b = 3;
  Real c = NAN;
  blas::gemm(Trans::no, Trans::no, 1, 1, 1, &a, 1, &b, 1, 0, &c, 1);
  CHECK(c == 6);
  c = NAN;
  blas::gemm(Trans::no, Trans::no, 1, 1, 0, &a, 0, &b, 1, 0, &c, 1);
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
