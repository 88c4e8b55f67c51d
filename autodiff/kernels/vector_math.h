#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "autodiff/types.h"

/// exp, log, sigmoid and tanh on whole vector registers, for loops in which they cost as much as the arithmetic.
///
/// Written with the vector extensions of GCC and Clang, so that one source serves SSE, AVX2, AVX-512 and NEON. In
/// float: range reduction (after Cephes, S. Moshier) and a polynomial, within 2 ulp or 2e-7 absolute of the true
/// value. ±0, infinities, NaN and denormals give what the standard functions give, except that sigmoid is never below
/// 2e-38. In double every lane calls the standard function, as double is for checking.
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
using UVec [[gnu::vector_size(kVectorBytes)]] = std::make_unsigned_t<Int>;

inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(Real));

/// The tile of a matrix product whose sums are kept in registers: rows, and columns in registers. With the operands it
/// fills the processor's 32 or 16 registers.
inline constexpr int kTileRows = kVectorBytes == 64 ? 8 : 4, kTileColumns = 3;

inline Vec load(const Real* p) {
  Vec v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
inline void store(Real* p, Vec v) { std::memcpy(p, &v, sizeof(v)); }
inline Vec broadcast(Real x) { return x - Vec{}; }

/// `v` itself. Without it GCC reloads an operand from memory for every use, and a loop of products waits for its loads.
inline Vec in_register(Vec v) {
#if defined(__x86_64__)
  asm("" : "+v"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
  return v;
}

template <class To, class From>
To bits(From v) {
  static_assert(sizeof(To) == sizeof(From));
  return (To)v;  // between vector types of equal size a cast keeps the bits
}

/// The sum of all lanes, pairwise: log2(kLanes) dependent additions instead of kLanes.
inline Real horizontal_sum(Vec v) {
  Real lanes[kLanes];
  store(lanes, v);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  }
  return lanes[0];
}

/// Σ_k f(x[k]), by lanes; f works on a Vec and on a number.
template <class F>
Real sum(const Real* x, Index n, F f) {
  Vec lanes = {};
  Index k = 0;
  for (; k + kLanes <= n; k += kLanes) lanes += f(load(x + k));
  Real rest = 0;
  for (; k < n; ++k) rest += f(x[k]);
  return horizontal_sum(lanes) + rest;
}
inline Real sum(const Real* x, Index n) {
  return sum(x, n, [](auto v) { return v; });
}

/// Applies a scalar function to every lane.
template <class F>
Vec each_lane(Vec x, F f) {
  for (int k = 0; k < kLanes; ++k) x[k] = f(x[k]);
  return x;
}

/// min(x, limit), then max(x, limit); NaN where x is NaN, as a comparison with NaN is false. One instruction each, but
/// only if GCC does not know that the limit is a constant.
inline Vec at_most(Vec x, Real limit) {
  const Vec l = in_register(broadcast(limit));
  return x > l ? l : x;
}
inline Vec at_least(Vec x, Real limit) {
  const Vec l = in_register(broadcast(limit));
  return x < l ? l : x;
}

/// 2^n for integer n in [-126, 127]. Unsigned, as n is arbitrary if x was NaN.
inline Vec power_of_two(IVec n) { return bits<Vec>((bits<UVec>(n) << 23) + 0x3f800000u); }

/// e^x = (1 + f) · 2^n with 1 + f in [√½, √2], for |x| ≤ 104. Only the low 9 bits of n count.
struct ExpParts {
  Vec f;
  IVec n;
};
/// `exact`: within 2 ulp for every n. Otherwise the relative error grows with n: 2e-9 n with fused multiply-adds, 4e-8
/// n without. That is enough for functions that are flat where n is large.
template <bool exact>
ExpParts exp_parts(Vec x) {
  constexpr Real kRound = 12582912;  // 1.5 · 2^23: adding it leaves the nearest integer in the low bits
  const Vec shifted = x * Real(1.44269504) + kRound;
  const Vec n = shifted - kRound;
  // r = x - n ln 2, with ln 2 in two parts: n times the first is exact
  const Vec r = exact ? (x - n * Real(0.693359375)) + n * Real(2.12194440e-4) : x - n * Real(0.693147181);
  // f = e^r - 1 = r + r² p(r). The coefficients are minimax: the largest relative error of e^r is 4e-9 if exact, else
  // 1e-7, with terms that can be computed in parallel.
  const Vec r2 = r * r;
  Vec p;
  if constexpr (exact) {
    p = broadcast(Real(0.00138145406));
    p = p * r + Real(0.00836874545);
    p = p * r + Real(0.041668389);
    p = p * r + Real(0.166665211);
    p = p * r + Real(0.49999994);
  } else {
    p = (Real(0.00831250101) * r + Real(0.0418903343)) * r2 + (Real(0.166671157) * r + Real(0.499992311));
  }
  return {p * r2 + r, bits<IVec>(shifted)};
}

inline Vec exp(Vec x) {
  if constexpr (std::is_same_v<Real, double>) {
    return each_lane(x, [](Real v) { return std::exp(v); });
  } else {
    // Beyond ±104 the result is 0 or infinity. The comparisons replace NaN too; the last line restores it.
    const Vec clamped = x > Real(104) ? broadcast(104) : (x >= Real(-104) ? x : broadcast(-104));
    const auto [f, n] = exp_parts<true>(clamped);
    // 2^n in two factors, so that overflow and denormal results are right.
    const IVec half = (n << 23) >> 24;  // half of the low 9 bits of n, with their sign
    return x == x ? (Real(1) + f) * power_of_two(half) * power_of_two(n - half) : x;
  }
}

inline Vec log(Vec x) {
  if constexpr (std::is_same_v<Real, double>) {
    return each_lane(x, [](Real v) { return std::log(v); });
  } else {
    // x = m · 2^e with m in [√½, √2); denormals are scaled into the normal range first.
    constexpr Real kSmallest = 1.17549435e-38f, kScale = 8388608;  // 2^23
    const Vec positive = x > Real(0) ? x : broadcast(1);  // the last line handles the others
    const auto tiny = positive < kSmallest;
    const IVec word = bits<IVec>(tiny ? positive * kScale : positive);
    const IVec e0 = (word - 0x3f3504f3) >> 23;  // 0x3f3504f3: √½
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

// sigmoid and tanh take most of an LSTM's time, so they leave out what only `exp` needs: their exponent is clamped, and
// one factor 2^n is enough.

inline Vec sigmoid(Vec x) {
  if constexpr (std::is_same_v<Real, double>) {
    return each_lane(x, [](Real v) { return 1 / (1 + std::exp(-v)); });
  } else {
    const auto [f, n] = exp_parts<false>(-at_least(at_most(x, 87), -87));
    const Vec scale = power_of_two(n);
    return Real(1) / (Real(1) + (scale + scale * f));
  }
}

inline Vec tanh(Vec x) {
  if constexpr (std::is_same_v<Real, double>) {
    return each_lane(x, [](Real v) { return std::tanh(v); });
  } else {
    // tanh |x| = e / (e + 2) with e = e^2|x| - 1, computed without cancellation. Above 9.02 it is 1 in float.
    constexpr Int kSign = std::numeric_limits<Int>::min();
    const IVec sign = bits<IVec>(x) & kSign;
    const Vec magnitude = bits<Vec>(bits<IVec>(x) & ~kSign);
    const Vec a = at_most(magnitude, Real(9.02));
    const auto [f, n] = exp_parts<false>(a + a);
    const Vec scale = power_of_two(n);
    const Vec e = scale * f + (scale - Real(1));
    return bits<Vec>(bits<IVec>(e / (e + Real(2))) | sign);
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
