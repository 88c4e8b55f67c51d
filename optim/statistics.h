#pragma once
#include <span>
#include <utility>
#include <vector>

namespace l2l {

/// Σ_k x_k / n; NaN for no numbers.
double mean(std::span<const double> x);
/// The standard error of that mean, √(Σ_k (x_k - mean)² / (n - 1) / n); 0 for one number, or if the mean is not finite.
double standard_error(std::span<const double> x);
/// The number in the middle, of an even count the mean of the two there; NaN for no numbers. None may be NaN.
double median(std::vector<double> x);
/// The interquartile mean, of what is left without the ⌊n/4⌋ lowest and the ⌊n/4⌋ highest numbers (Agarwal et al. 2021,
/// "Deep Reinforcement Learning at the Edge of the Statistical Precipice"); NaN for no numbers. None may be NaN.
double interquartile_mean(std::vector<double> x);
/// The number below which a share of them lies, with linear interpolation: x_(1 + share (n - 1)) of the sorted numbers.
/// share: 0 … 1. NaN for no numbers. None may be NaN.
double quantile(std::vector<double> x, double share);
/// An interval for most of the numbers, such as the scale of a picture: from the 5% to the 95% quantile, widened by
/// half of its length on either side, but not beyond the smallest and the largest number, which it is if both quantiles
/// are equal. It holds all numbers at equal distances, and leaves out spikes. What is not finite is ignored; (0, 0) of
/// nothing else.
std::pair<double, double> robust_range(std::vector<double> x);

}  // namespace l2l
