#pragma once
#include <cmath>
#include <random>
#include <span>
#include <vector>

#include "autodiff/gradcheck.h"
#include "autodiff/ops.h"
#include "tests/tolerance.h"

/// What the tests of the operations share.
namespace l2l::testing {

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

/// The gradient agrees with differences at two random points. With steps of h, 1e-5 in double and 1e-2 in float, they
/// are off by h² f'''/6 and u f / h: the tolerances of 1e-6 and 2e-2 leave room for an f''' of a thousand times f'.
inline void check_gradient(const CheckedFunction& f, const std::vector<Shape>& inputs, double low = -1.5,
                           double high = 1.5) {
  for (unsigned seed : {1u, 2u}) {
    GradientCheckOptions options;
    options.low = low;
    options.high = high;
    options.seed = seed;
    const GradientCheck check = gradcheck(f, inputs, options);
    INFO(check.worst);
    CHECK(check.error == Near(0, check.tolerance));
  }
}

}  // namespace l2l::testing
