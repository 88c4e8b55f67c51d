#include "optim/signed_rank.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace l2l {
namespace {

constexpr std::size_t kExact = 50;

/// The probability that random signs make the sum of the positive ranks at most `sum`.
double exact_tail(const std::vector<int>& ranks, int sum) {
  std::vector<double> probability(sum + 1);  // of each sum, with the ranks so far
  probability[0] = 1;
  for (const int rank : ranks) {
    for (int s = sum; s >= 0; --s) probability[s] = (probability[s] + (s < rank ? 0 : probability[s - rank])) / 2;
  }
  double tail = 0;
  for (const double p : probability) tail += p;
  return tail;
}

}  // namespace

double signed_rank_p(std::span<const double> differences) {
  std::vector<double> d;
  for (const double x : differences) {
    if (x < 0 || x > 0) d.push_back(x);
  }
  if (d.empty()) return 1;
  std::sort(d.begin(), d.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });

  // Twice the ranks: shared ones are multiples of 1/2.
  std::vector<int> ranks(d.size());
  double positive = 0, ties = 0;
  for (std::size_t first = 0, end; first < d.size(); first = end) {
    for (end = first; end < d.size() && std::abs(d[end]) == std::abs(d[first]); ++end) {
    }
    for (std::size_t k = first; k < end; ++k) {
      ranks[k] = static_cast<int>(first + 1 + end);
      if (d[k] > 0) positive += ranks[k];
    }
    const double t = static_cast<double>(end - first);
    ties += t * t * t - t;
  }
  const double n = static_cast<double>(d.size()), total = n * (n + 1), smaller = std::min(positive, total - positive);
  if (d.size() <= kExact) return std::min(1.0, 2 * exact_tail(ranks, static_cast<int>(smaller)));
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48;
  const double distance = std::max(0.0, (total / 2 - smaller) / 2 - 0.5);
  return std::erfc(distance / std::sqrt(2 * variance));
}

}  // namespace l2l
