#pragma once
#include <span>

namespace l2l {

/// Wilcoxon's signed-rank test (Wilcoxon 1945, "Individual Comparisons by Ranking Methods"): the two-sided p-value of
/// the hypothesis that paired differences d_1 … d_n are distributed symmetrically about 0. With W the sum of the ranks
/// of |d_k| over the positive d_k, it is the probability that random signs bring W at least as far from its mean
/// n (n + 1) / 4. It looks at ranks alone, so it asks for no normal distribution, and a loss that is infinite is the
/// largest of all and no more; Demšar 2006, "Statistical Comparisons of Classifiers over Multiple Data Sets",
/// recommends it for comparisons like ours over the paired t-test.
///
/// Differences that are 0 or NaN are left out, as Wilcoxon did; equal |d_k| share the mean of their ranks. Up to
/// n = 50 the p-value is exact, also with shared ranks: all 2^n signs are counted. Above, W is taken as normal, with a
/// variance of n (n + 1) (2 n + 1) / 24 - Σ (t³ - t) / 48 over groups of t equal |d_k|, and half a rank is subtracted
/// from the distance as W is whole (the continuity correction). No differences at all: 1.
double signed_rank_p(std::span<const double> differences);

}  // namespace l2l
