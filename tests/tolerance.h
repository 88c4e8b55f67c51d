#pragma once
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <span>
#include <type_traits>
#include <vector>

#include "autodiff/types.h"
#include "tests/catch.h"

/// How far a result may be from the expected one. Bounds are derived from the computation, not from what happened to
/// pass. They hold for any order of a sum: any lane width, BLAS kernel and compiler, with or without fused
/// multiply-adds.
///
///     CHECK(x == rounded(2.5, 6));                    // six roundings of numbers like 2.5
///     CHECK(mean == Near(0, 4 / std::sqrt(1e5)));     // four standard deviations
///     check_close(y.values(), {1, 2, 3});             // exactly
///
/// L2L_TOLERANCE_SCALE=0.2 in the environment multiplies every bound, to see how tight they are.
namespace l2l::testing {

inline constexpr bool kDouble = sizeof(Real) == 8;

/// u: the relative error of an operation is at most u (Higham 2002, Accuracy and Stability of Numerical Algorithms,
/// chapter 2). exp, log, sigmoid and tanh count as four operations: they are within 2 ulp, which is 4 u.
template <class T = Real>
inline constexpr double kUnit = std::numeric_limits<T>::epsilon() / 2;

/// The error of n roundings in units of u: at worst n. But they have both signs, each with a standard deviation of at
/// most u / √3, and 4 √n is seven standard deviations of their sum (Higham & Mary 2019, A New Approach to Probabilistic
/// Rounding Error Analysis).
inline double roundings(double n) { return std::min(n, 4 * std::sqrt(n)); }

inline const double kToleranceScale = [] {
  Catch::StringMaker<float>::precision = 9;  // a failure prints all digits
  Catch::StringMaker<double>::precision = 17;
  const char* scale = std::getenv("L2L_TOLERANCE_SCALE");
  return scale ? std::atof(scale) : 1;
}();

/// A number, and the largest distance from it that counts as equal.
struct Near {
  long double value;
  double bound;

  Near(long double value, double bound = 0) : value(value), bound(bound) {}
  double error(double got) const { return got == value ? 0 : static_cast<double>(std::abs(got - value)); }
  friend bool operator==(double got, const Near& x) { return x.error(got) <= kToleranceScale * x.bound; }
  friend std::ostream& operator<<(std::ostream& out, const Near& x) {
    const auto digits = out.precision(std::numeric_limits<double>::max_digits10);
    out << static_cast<double>(x.value) << " ± ";
    out.precision(3);
    out << kToleranceScale * x.bound;
    out.precision(digits);
    return out;
  }
};

/// `value` after n roundings, in T, of numbers of at most `size`.
template <class T = Real>
Near rounded(long double value, double n, double size) {
  return {value, roundings(n) * kUnit<T> * size};
}
template <class T = Real>
Near rounded(long double value, double n) {
  return rounded<T>(value, n, static_cast<double>(std::abs(value)));
}

inline double largest(std::span<const double> x) {
  double size = 0;
  for (const double v : x) size = std::max(size, std::abs(v));
  return size;
}

/// Each element after n roundings of numbers of at most `size`; without one, of 1 or the largest element.
inline std::vector<Near> rounded(const std::vector<double>& values, double n, double size) {
  std::vector<Near> expected;
  for (const double v : values) expected.push_back(rounded(v, n, size));
  return expected;
}
inline std::vector<Near> rounded(const std::vector<double>& values, double n) {
  return rounded(values, n, std::max(1.0, largest(values)));
}
template <class T>
std::vector<Near> rounded(const std::vector<T>& values, double n) {
  return rounded(std::vector<double>(values.begin(), values.end()), n);
}

/// The same for a reference that was printed with so many digits: half a unit of the last is at most 5 · 10^-digits.
template <class... Size>
std::vector<Near> printed(int digits, const std::vector<double>& values, double n, Size... size) {
  std::vector<Near> expected = rounded(values, n, size...);
  for (Near& x : expected) x.bound += 5 * std::pow(10, -digits) * static_cast<double>(std::abs(x.value));
  return expected;
}

/// A sum by its definition, in higher precision than Real, and Σ|terms|. The error of a sum of n terms is at most
/// n u Σ|terms| (Higham 2002, chapters 3 and 4). With many terms of both signs, partial sums are at most about
/// 4 / √n Σ|terms|, and the roundings add up to 4 √n u of that: 16 u Σ|terms| for any n.
struct Sum {
  using Wide = std::conditional_t<kDouble, long double, double>;
  Wide value = 0;
  double size = 0, terms = 0;

  void add(Wide term) {
    value += term;
    size += static_cast<double>(std::abs(term));
    ++terms;
  }
  /// factor · x, where x is a sum itself.
  void add(Wide factor, const Sum& x) {
    value += factor * x.value;
    size += static_cast<double>(std::abs(factor)) * x.size;
    terms += x.terms + 1;
  }
  operator Near() const { return {value, std::min(terms, 16.0) * kUnit<> * size}; }
};

/// Checks every element. A failure shows the one that is furthest beyond its bound.
inline void check_close(std::span<const Real> got, const std::vector<Near>& expected) {
  REQUIRE(got.size() == expected.size());
  std::size_t worst = 0, wrong = 0;
  double excess = -1;
  for (std::size_t k = 0; k < got.size(); ++k) {
    if (got[k] == expected[k]) continue;
    const double error = expected[k].error(got[k]), ratio = error / (kToleranceScale * expected[k].bound);
    if (wrong++ == 0 || !(ratio <= excess)) worst = k, excess = ratio;
  }
  if (wrong == 0) {
    SUCCEED();
    return;
  }
  INFO(wrong << " of " << got.size() << " elements are wrong, worst is element " << worst << ", off by "
             << expected[worst].error(got[worst]));
  CHECK(got[worst] == expected[worst]);
}
/// The same for sums, and for numbers, which must be exact.
template <class T>
void check_close(std::span<const Real> got, const std::vector<T>& expected) {
  check_close(got, std::vector<Near>(expected.begin(), expected.end()));
}

/// f'(x) by central differences with step h. Their error is h² f'''/6, and four times that with twice the step: the
/// difference of the two is three times the error. The bound adds the error of n roundings in f, divided by h.
template <class F>
Near derivative(F f, Real x, double h, double n) {
  double size = 0;
  const auto quotient = [&](double step) {
    const Real above = static_cast<Real>(x + step), below = static_cast<Real>(x - step);
    const double f_above = f(above), f_below = f(below);
    size = std::max({size, std::abs(f_above), std::abs(f_below)});
    return (f_above - f_below) / (static_cast<double>(above) - static_cast<double>(below));
  };
  const double value = quotient(h);
  return {value, std::abs(quotient(2 * h) - value) + roundings(n) * kUnit<> * size / h};
}

}  // namespace l2l::testing
