#pragma once
#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "autodiff/gradcheck.h"
#include "autodiff/ops.h"
#include "tests/catch.h"

/// What the tests of the operations share.
namespace l2l::testing {

inline constexpr bool kDouble = sizeof(Real) == 8;

using Random = std::mt19937_64;

inline std::vector<Real> uniform(Random& random, Index n, double low = -1.5, double high = 1.5) {
  std::uniform_real_distribution<double> distribution(low, high);
  std::vector<Real> x(n);
  for (Real& v : x) v = static_cast<Real>(distribution(random));
  return x;
}

/// sin(a k + b) for k < n: numbers that are easy to make in PyTorch as well.
inline std::vector<Real> wave(Index n, double a, double b = 0.11) {
  std::vector<Real> x(n);
  for (Index k = 0; k < n; ++k) x[k] = static_cast<Real>(std::sin(a * static_cast<double>(k) + b));
  return x;
}

/// 0 to 5, and 1 more often than the others.
inline Index random_extent(Random& random) {
  const int k = std::uniform_int_distribution<int>(0, 7)(random);
  return k > 5 ? 1 : k;
}

/// Equal but for rounding: relative to the larger of 1 and the expected value.
inline void check_close(std::span<const Real> got, const std::vector<double>& expected,
                        double tolerance = kDouble ? 1e-13 : 4e-6) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    INFO("element " << k);
    CHECK(got[k] == Approx(expected[k]).epsilon(tolerance).margin(tolerance));
  }
}

/// The gradient agrees with differences (to 1e-6 in double) at two random points.
inline void check_gradient(const CheckedFunction& f, const std::vector<Shape>& inputs, double low = -1.5,
                           double high = 1.5) {
  for (unsigned seed : {1u, 2u}) {
    GradientCheckOptions options;
    options.low = low;
    options.high = high;
    options.seed = seed;
    const GradientCheck check = gradcheck(f, inputs, options);
    INFO(check.worst);
    CHECK(check.error <= check.tolerance);
  }
}

}  // namespace l2l::testing
