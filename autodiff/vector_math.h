#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "autodiff/types.h"

/// exp, log, sigmoid and tanh on whole vector registers, for loops in which they cost as much as the arithmetic.
///
/// Written with the vector extensions of GCC and Clang, so that one source serves SSE, AVX2, AVX-512 and NEON. In
/// float: range reduction and a polynomial (after Cephes, S. Moshier), within 2 ulp or 2e-7 absolute of the true
/// value, with ±0, infinities, NaN and denormals as the standard functions treat them. In double every lane calls the
/// standard function: double is for checking.
namespace l2l::simd {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

/// One register of numbers, and integers of the same width (also the type of comparisons: all bits set if true).
using Vec [[gnu::vector_size(kVectorBytes)]] = Real;
using Int = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
using IVec [[gnu::vector_size(kVectorBytes)]] = Int;

inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(Real));

inline Vec load(const Real* p) {
  Vec v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
inline void store(Real* p, Vec v) { std::memcpy(p, &v, sizeof(v)); }
inline Vec broadcast(Real x) { return x - Vec{}; }

template <class To, class From>
To bits(From v) {
  static_assert(sizeof(To) == sizeof(From));
  return (To)v;  // between vector types of equal size a cast keeps the bits
}

/// Applies a scalar function to every lane.
template <class F>
Vec each_lane(Vec x, F f) {
  for (int k = 0; k < kLanes; ++k) x[k] = f(x[k]);
  return x;
}

/// 2^n for integer n in [-126, 127].
inline Vec power_of_two(IVec n) { return bits<Vec>((n + 127) << 23); }

inline Vec exp(Vec x) {
  if constexpr (std::is_same_v<Real, double>) {
    return each_lane(x, [](Real v) { return std::exp(v); });
  } else {
    // x = n ln 2 + r with |r| ≤ ln 2 / 2. Beyond ±104 the result is 0 or infinity whatever the digits.
    const Vec clamped = x > Real(104) ? broadcast(104) : (x < Real(-104) ? broadcast(-104) : x);
    constexpr Real kRound = 12582912;  // 1.5 · 2^23: adding it leaves the nearest integer in the low bits
    const Vec shifted = clamped * Real(1.44269504) + kRound;
    const Vec n = shifted - kRound;
    const Vec r = (clamped - n * Real(0.693359375)) + n * Real(2.12194440e-4);  // ln 2 in two parts
    Vec p = broadcast(Real(1.9875691500e-4));
    p = p * r + Real(1.3981999507e-3);
    p = p * r + Real(8.3334519073e-3);
    p = p * r + Real(4.1665795894e-2);
    p = p * r + Real(1.6666665459e-1);
    p = p * r + Real(5.0000001201e-1);
    p = p * r * r + r + Real(1);
    // 2^n in two factors, so that results that overflow or are denormal come out right. NaN has gone through r.
    const IVec k = bits<IVec>(shifted) - bits<IVec>(broadcast(kRound));
    const IVec half = k >> 1;
    return x == x ? p * power_of_two(half) * power_of_two(k - half) : x;
  }
}

inline Vec log(Vec x) {
  if constexpr (std::is_same_v<Real, double>) {
    return each_lane(x, [](Real v) { return std::log(v); });
  } else {
    // x = m · 2^e with m in [√½, √2); denormals are scaled into the normal range first.
    constexpr Real kSmallest = 1.17549435e-38f, kScale = 8388608;  // 2^23
    const auto tiny = x < kSmallest;
    const IVec word = bits<IVec>(tiny ? x * kScale : x);
    const IVec e0 = ((word - 0x3f3504f3) >> 23);  // 0x3f3504f3: √½
    const Vec m = bits<Vec>(word - (e0 << 23)) - Real(1);
    const Vec e = __builtin_convertvector(e0, Vec) - (tiny ? broadcast(23) : Vec{});
    Vec p = broadcast(Real(7.0376836292e-2));
    p = p * m - Real(1.1514610310e-1);
    p = p * m + Real(1.1676998740e-1);
    p = p * m - Real(1.2420140846e-1);
    p = p * m + Real(1.4249322787e-1);
    p = p * m - Real(1.6668057665e-1);
    p = p * m + Real(2.0000714765e-1);
    p = p * m - Real(2.4999993993e-1);
    p = p * m + Real(3.3333331174e-1);
    const Vec m2 = m * m;
    const Vec result = (m + (p * m * m2 - e * Real(2.12194440e-4) - Real(0.5) * m2)) + e * Real(0.693359375);
    const Vec infinity = broadcast(HUGE_VALF);
    // log 0 = -∞, log of a negative = NaN, log ∞ = ∞, log NaN = NaN
    return x > Real(0) ? (x == infinity ? infinity : result) : (x == Real(0) ? -infinity : broadcast(NAN));
  }
}

inline Vec sigmoid(Vec x) { return Real(1) / (Real(1) + exp(-x)); }

inline Vec tanh(Vec x) {
  if constexpr (std::is_same_v<Real, double>) {
    return each_lane(x, [](Real v) { return std::tanh(v); });
  } else {
    // Near 0 the polynomial keeps the relative error small; beyond, 1 - 2 / (e^2x + 1).
    const Vec x2 = x * x;
    Vec p = broadcast(Real(-5.70498872745e-3));
    p = p * x2 + Real(2.06390887954e-2);
    p = p * x2 - Real(5.37397155531e-2);
    p = p * x2 + Real(1.33314422036e-1);
    p = p * x2 - Real(3.33332819422e-1);
    const Vec near = p * x2 * x + x;
    const Vec far = Real(1) - Real(2) / (exp(x + x) + Real(1));
    return x2 < Real(0.390625) ? near : far;  // 0.625²
  }
}

/// y[k] = f(x[k]) for k < n; f works on a Vec. x and y may be the same array.
template <class F>
void map(const Real* x, Real* y, Index n, F f) {
  Index k = 0;
  for (; k + kLanes <= n; k += kLanes) store(y + k, f(load(x + k)));
  if (k < n) {
    Real rest[kLanes] = {};
    std::memcpy(rest, x + k, (n - k) * sizeof(Real));
    store(rest, f(load(rest)));
    std::memcpy(y + k, rest, (n - k) * sizeof(Real));
  }
}

}  // namespace l2l::simd
