#pragma once
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "autodiff/format.h"

namespace l2l {

/// Digits of a loss: differences of losses are looked at, too.
inline constexpr int kPageLossDigits = 5;

/// A number of the page's data, with so many digits; null if it is not finite.
inline nlohmann::ordered_json page_number(double x, int digits) {
  if (!std::isfinite(x)) return nullptr;
  return std::strtod(format("%.*g", digits, x).c_str(), nullptr);
}

}  // namespace l2l
