#pragma once
#include <span>
#include <vector>

namespace l2l {

/// Σ_k x_k / n; NaN for no numbers.
double mean(std::span<const double> x);
/// The standard error of that mean, √(Σ_k (x_k - mean)² / (n - 1) / n); 0 for one number, or if the mean is not finite.
double standard_error(std::span<const double> x);
/// The number in the middle, of an even count the mean of the two there; NaN for no numbers. None may be NaN.
double median(std::vector<double> x);

}  // namespace l2l
