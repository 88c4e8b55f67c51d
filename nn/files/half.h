#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

namespace l2l {

/// IEEE 754 half precision, "F16": a sign, 5 bits of exponent, 10 of fraction.
inline float from_f16(std::uint16_t half) {
  const int exponent = (half >> 10) & 31, fraction = half & 1023;
  float magnitude;
  if (exponent == 31) {
    magnitude = fraction == 0 ? HUGE_VALF : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  }
  return half & 0x8000 ? -magnitude : magnitude;
}

/// The nearest F16, ties to even; infinity from 65,520 on.
inline std::uint16_t to_f16(float x) {
  const std::uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  if (std::isnan(x)) return sign | 0x7e00;
  if (std::fabs(x) >= 65520) return sign | 0x7c00;
  int exponent = -13;  // below 2^-14 the spacing stays as it is
  if (std::fabs(x) >= 0x1p-14f) std::frexp(x, &exponent);
  const int units = static_cast<int>(std::nearbyint(std::ldexp(std::fabs(x), 11 - exponent)));
  return static_cast<std::uint16_t>(sign | ((exponent + 13) * 1024 + units));  // 2048 units carry over
}

/// "BF16": the upper half of an F32.
inline float from_bf16(std::uint16_t half) { return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16); }

}  // namespace l2l
