#include "optim/signed_rank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/catch.h"

namespace l2l::signed_rank_test {

namespace {

/// The p-value by its definition: over all signs, the share of those whose W is as far from the mean as the one found.
double by_enumeration(const std::vector<double>& d) {
  const int n = static_cast<int>(d.size());
  std::vector<double> ranks;
  for (const double x : d) {
    double below = 0, equal = 0;
    for (const double y : d) {
      below += std::abs(y) < std::abs(x);
      equal += std::abs(y) == std::abs(x);
    }
    ranks.push_back(below + (equal + 1) / 2);
  }
  const auto distance = [&](auto positive) {
    double w = 0;
    for (int k = 0; k < n; ++k) w += positive(k) ? ranks[k] : 0;
    return std::abs(w - n * (n + 1) / 4.0);
  };
  const double found = distance([&](int k) { return d[k] > 0; });
  int as_far = 0;
  for (int signs = 0; signs < 1 << n; ++signs) as_far += distance([&](int k) { return signs >> k & 1; }) >= found;
  return as_far / std::ldexp(1, n);
}
}  // namespace

TEST_CASE("signed ranks: examples of the literature") {
  // Darwin's maize, heights of cross- and self-fertilised plants in eighths of an inch: W = 24 of n = 15. It is the
  // example of scipy.stats.wilcoxon, whose documentation has this p-value.
  CHECK(signed_rank_p(std::vector<double>{6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75}) ==
        0.041259765625);
  // Depression of nine patients before and after a tranquilliser (Hollander & Wolfe 1973, p. 29; the example of R's
  // wilcox.test, V = 40, one-sided 0.01953): 10 of 512 choices of signs.
  const std::vector<double> before = {1.83, .50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const std::vector<double> after = {.878, .647, .598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  std::vector<double> d;
  for (int k = 0; k < 9; ++k) d.push_back(after[k] - before[k]);
  CHECK(signed_rank_p(d) == 20.0 / 512);
}

TEST_CASE("signed ranks: exact p-values are those of all signs, with ties too") {
  for (const std::vector<double>& d : std::vector<std::vector<double>>{{1},
                                                                       {-1, -2},
                                                                       {1, 1, 1, 1, 1},
                                                                       {1, -1, 2, -2},
                                                                       {3, 1, -1, 4, 4, -4, 5, 2, 2, 2},
                                                                       {-.5, 1.5, 1.5, -1.5, 2, 7, 8, 9, 9, 11, -12}}) {
    CHECK(signed_rank_p(d) == Approx(by_enumeration(d)).epsilon(1e-14));
    std::vector<double> turned = d;
    for (double& x : turned) x = -x;
    CHECK(signed_rank_p(turned) == signed_rank_p(d));
  }
  CHECK(signed_rank_p(std::vector<double>{1, 2, 3, 4, 5}) == 2.0 / 32);  // the least that five can have
}

TEST_CASE("signed ranks: zeros and unknown differences are left out, infinite ones are the largest") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(signed_rank_p(std::vector<double>{}) == 1);
  CHECK(signed_rank_p(std::vector<double>{0, nan, -0.0}) == 1);
  CHECK(signed_rank_p(std::vector<double>{0, 2, -1, nan, 3, 0}) == signed_rank_p(std::vector<double>{2, -1, 3}));
  CHECK(signed_rank_p(std::vector<double>{-1, 2, inf, inf}) == signed_rank_p(std::vector<double>{-1, 2, 8, 8}));
}

TEST_CASE("signed ranks: the normal approximation beyond 50 differences") {
  // |d| = 1 … 60, of which 20 are negative: 1, 4, …, 58. Their ranks sum to 590, the mean is 915 and the variance
  // 60 · 61 · 121 / 24 = 18452.5.
  std::vector<double> d;
  for (int k = 1; k <= 60; ++k) d.push_back(k % 3 == 1 ? -k : k);
  CHECK(signed_rank_p(d) == Approx(std::erfc((915 - 590 - 0.5) / std::sqrt(2 * 18452.5))).epsilon(1e-14));
  // |d| in 30 pairs of equal ones, so ranks 1.5, 1.5, 3.5, …: Σ (t³ - t) / 48 = 30 · 6 / 48 = 3.75. Negative: the
  // first ten pairs, ranks 1 to 20, which sum to 210.
  for (int k = 0; k < 60; ++k) d[k] = (k < 20 ? -1 : 1) * (1 + k / 2);
  CHECK(signed_rank_p(d) == Approx(std::erfc((915 - 210 - 0.5) / std::sqrt(2 * 18448.75))).epsilon(1e-14));
  // It goes on where the exact one ends: both signs as often, beyond chance, at 50 and at 51.
  for (const int n : {50, 51}) {
    d.clear();
    for (int k = 1; k <= n; ++k) d.push_back(k % 3 == 1 ? -k : k);
    std::vector<double> counts(n * (n + 1) / 2 + 1);  // of choices of signs for each W
    counts[0] = 1;
    int w = 0;
    for (int k = 1; k <= n; ++k) {
      for (int s = static_cast<int>(counts.size()) - 1; s >= k; --s) counts[s] += counts[s - k];
      if (d[k - 1] < 0) w += k;
    }
    double tail = 0;
    for (int s = 0; s <= w; ++s) tail += counts[s];
    CHECK(signed_rank_p(d) == Approx(2 * std::ldexp(tail, -n)).epsilon(n == 50 ? 1e-14 : 0.05));
  }
  CHECK(signed_rank_p(std::vector<double>(100, 1.0)) < 1e-20);
  // No distance from the mean is left to correct: one of each sign, 51 times.
  d.clear();
  for (int k = 0; k < 102; ++k) d.push_back(k % 2 == 0 ? 1 : -1);
  CHECK(signed_rank_p(d) == 1);
}

}  // namespace l2l::signed_rank_test
