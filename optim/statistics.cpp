#include "optim/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace l2l {

double mean(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double standard_error(std::span<const double> x) {
  const double n = static_cast<double>(x.size()), center = mean(x);
  if (x.size() < 2 || !std::isfinite(center)) return 0;
  double squares = 0;
  for (const double v : x) squares += (v - center) * (v - center);
  return std::sqrt(squares / (n - 1) / n);
}

double median(std::vector<double> x) {
  if (x.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return x.size() % 2 == 1 ? *middle : (*std::max_element(x.begin(), middle) + *middle) / 2;
}

double interquartile_mean(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  const std::size_t cut = x.size() / 4;
  return mean(std::span(x).subspan(cut, x.size() - 2 * cut));
}

double quantile(std::vector<double> x, double share) {
  if (x.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(x.begin(), x.end());
  const double place = share * static_cast<double>(x.size() - 1);
  const std::size_t below = static_cast<std::size_t>(place), above = std::min(below + 1, x.size() - 1);
  return x[below] + (place - static_cast<double>(below)) * (x[above] - x[below]);
}

std::pair<double, double> robust_range(std::vector<double> x) {
  std::erase_if(x, [](double v) { return !std::isfinite(v); });
  if (x.empty()) return {0, 0};
  std::sort(x.begin(), x.end());
  const std::size_t twentieth = (x.size() - 1) / 20;
  const double low = x[twentieth], high = x[x.size() - 1 - twentieth], wider = (high - low) / 2;
  if (low == high) return {x.front(), x.back()};
  return {std::max(x.front(), low - wider), std::min(x.back(), high + wider)};
}

}  // namespace l2l
