#include "autodiff/kernels/vector_math.h"

#include <bit>
#include <cmath>
#include <limits>

#include "tests/autodiff/testing.h"

namespace l2l::vector_math_test {

using namespace l2l::testing;

namespace {

struct Function {
  const char* name;
  simd::Vec (*vectorised)(simd::Vec);
  double (*truth)(double);
};

const Function functions[] = {
    {"exp", simd::exp, [](double x) { return std::exp(x); }},
    {"log", simd::log, [](double x) { return std::log(x); }},
    {"sigmoid", simd::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"tanh", simd::tanh, [](double x) { return std::tanh(x); }},
};

/// The distance from |x| to the next larger number of its type.
double ulp(Real x) { return std::nextafter(std::abs(x), std::numeric_limits<Real>::infinity()) - std::abs(x); }

/// Within 2 ulp or 2e-7 of the true value; exact if that is special, or too large or too small for a Real.
bool as_promised(Real got, double truth) {
  const Real rounded = static_cast<Real>(truth);
  if (std::isnan(rounded)) return std::isnan(got);
  if (std::isinf(rounded) || std::isinf(got)) return got == rounded;
  if (rounded == 0 && got == 0) return std::signbit(got) == std::signbit(rounded);
  const double error = std::abs(static_cast<double>(got) - truth);
  return error <= 2 * ulp(rounded) || error <= 2e-7;
}

}  // namespace

TEST_CASE("vector_math: as exact as promised over the whole range of float") {
  // Every 4099th bit pattern: all exponents, both signs, denormals, and a great many NaNs.
  constexpr std::uint32_t kStep = 4099, kBlock = 1024;
  for (const Function& f : functions) {
    INFO(f.name);
    std::vector<Real> x(kBlock), y(kBlock);
    std::uint64_t pattern = 0;
    while (pattern < (std::uint64_t(1) << 32)) {
      for (Real& v : x) {
        v = std::bit_cast<float>(static_cast<std::uint32_t>(pattern));
        pattern += kStep;
      }
      simd::map(x.data(), y.data(), kBlock, f.vectorised);
      for (std::size_t k = 0; k < kBlock; ++k) {
        if (as_promised(y[k], f.truth(x[k]))) continue;
        INFO("at " << x[k] << " it is " << f.truth(x[k]));
        CHECK(y[k] == f.truth(x[k]));
      }
    }
  }
}

TEST_CASE("vector_math: special values are those of the standard functions") {
  constexpr Real inf = std::numeric_limits<Real>::infinity();
  const Real points[] = {0,
                         Real(-0.0),
                         1,
                         -1,
                         inf,
                         -inf,
                         std::numeric_limits<Real>::quiet_NaN(),
                         -std::numeric_limits<Real>::quiet_NaN(),
                         std::numeric_limits<Real>::max(),
                         std::numeric_limits<Real>::lowest(),
                         std::numeric_limits<Real>::min(),
                         -std::numeric_limits<Real>::min(),
                         std::numeric_limits<Real>::denorm_min(),
                         -std::numeric_limits<Real>::denorm_min(),
                         Real(88.7228),  // exp: the last finite float …
                         Real(88.7229),  // … and infinity
                         Real(-87.3365),  // exp: the first denormal …
                         Real(-103.972),  // … the last …
                         Real(-103.973)};  // … and 0
  for (const Function& f : functions) {
    for (Real x : points) {
      Real y;
      simd::map(&x, &y, 1, f.vectorised);
      INFO(f.name << '(' << x << ") is " << f.truth(x) << ", and here " << y);
      CHECK(as_promised(y, f.truth(x)));
    }
  }
  const auto at = [](auto f, Real x) { return f(simd::broadcast(x))[0]; };
  CHECK(at(simd::exp, 0) == 1);
  CHECK(at(simd::log, 1) == 0);
  CHECK(at(simd::log, 0) == -inf);
  CHECK(at(simd::sigmoid, 0) == Real(0.5));
  CHECK(at(simd::sigmoid, -inf) <= Real(2e-38));
  CHECK(std::signbit(at(simd::tanh, Real(-0.0))));
}

TEST_CASE("vector_math: map takes any length, in place too, and writes nothing beyond") {
  const auto twice = [](simd::Vec v) { return v + v; };
  for (Index n = 0; n <= 3 * simd::kLanes + 1; ++n) {
    std::vector<Real> x(n + 1, 7), y(n + 1, 7);
    for (Index k = 0; k < n; ++k) x[k] = static_cast<Real>(k + 1);
    simd::map(x.data(), y.data(), n, twice);
    simd::map(x.data(), x.data(), n, twice);
    for (Index k = 0; k < n; ++k) {
      CHECK(y[k] == 2 * (k + 1));
      CHECK(x[k] == y[k]);
    }
    CHECK(y[n] == 7);
    CHECK(x[n] == 7);
  }
}

}  // namespace l2l::vector_math_test
