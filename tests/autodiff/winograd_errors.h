#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "autodiff/kernels/convolution.h"
#include "tests/tolerance.h"

namespace l2l::testing {

/// At most 6 x 6 numbers; what is not there is 0.
using Matrix = std::array<std::array<double, 6>, 6>;

/// M x Mᵀ
inline Matrix from_both_sides(const Matrix& M, const Matrix& x) {
  Matrix left = {}, y = {};
  for (int a = 0; a < 6; ++a) {
    for (int i = 0; i < 6; ++i) {
      for (int j = 0; j < 6; ++j) left[a][j] += M[a][i] * x[i][j];
    }
  }
  for (int a = 0; a < 6; ++a) {
    for (int b = 0; b < 6; ++b) {
      for (int j = 0; j < 6; ++j) y[a][b] += left[a][j] * M[b][j];
    }
  }
  return y;
}

/// |Aᵀ|², |G|² and |Bᵀ|² of F(m, 3), number by number, from Lavin & Gray 2016, section 4.
struct SquaredMatrices {
  Matrix A = {{{1, 1, 1, 0}, {0, 1, -1, -1}}};
  Matrix G = {{{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}}};
  Matrix B = {{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}};

  explicit SquaredMatrices(int m) {
    if (m == 4) {
      A = {{{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}};
      G = {{{1. / 4, 0, 0},
            {-1. / 6, -1. / 6, -1. / 6},
            {-1. / 6, 1. / 6, -1. / 6},
            {1. / 24, 1. / 12, 1. / 6},
            {1. / 24, -1. / 12, 1. / 6},
            {0, 0, 1}}};
      B = {{{4, 0, -5, 0, 1, 0},
            {0, -4, -4, 1, 1, 0},
            {0, 4, -4, -1, 1, 0},
            {0, -2, -1, 2, 1, 0},
            {0, 2, -1, -2, 1, 0},
            {0, 4, 0, -5, 0, 1}}};
    }
    for (Matrix* matrix : {&A, &G, &B}) {
      for (auto& row : *matrix) {
        for (double& x : row) x *= x;
      }
    }
  }
};

/// The bound of the error of each result of a convolution [N, O, out_h, out_w] by F(m x m, 3x3).
///
/// A result is a sum of terms Aᵀ (G g) (Bᵀ d) A, which are larger than itself and cancel, so it is their size that
/// counts. For data without correlation, of both signs, the squares of standard deviations add up: the deviation of the
/// sum is s = √(|A|² [(|G|² g² |G|²) ⊙ (|B|² d² |B|²)] |A|²), with squares number by number, added over input channels.
/// On its way a result is rounded once for each channel, and in six transforms of up to five operations; partial sums
/// are at most about s in the mean, and n roundings of both signs add up to `roundings(n)` (see there).
inline std::vector<double> winograd_errors(const Convolution& conv, int m, const Weights& weights,
                                           const std::vector<Real>& x) {
  const SquaredMatrices square(m);
  const Index edge = m + 2, out_h = conv.out_h(), out_w = conv.out_w();
  std::vector<double> errors(conv.N * conv.O * out_h * out_w);
  const double rounding = roundings(static_cast<double>(conv.C) + 30) * kUnit<>;
  std::vector<Matrix> g2;  // [O, C]
  for (Index o = 0; o < conv.O; ++o) {
    for (Index c = 0; c < conv.C; ++c) {
      Matrix g = {};
      for (Index k = 0; k < 9; ++k) g[k / 3][k % 3] = std::pow(weights.at(o, c, k), 2);
      g2.push_back(from_both_sides(square.G, g));
    }
  }
  for (Index n = 0; n < conv.N; ++n) {
    for (Index top = 0; top < out_h; top += m) {
      for (Index left = 0; left < out_w; left += m) {
        std::vector<Matrix> d2;  // [C]
        for (Index c = 0; c < conv.C; ++c) {
          Matrix d = {};
          for (Index a = 0; a < edge; ++a) {
            for (Index b = 0; b < edge; ++b) {
              const Index i = top + a - conv.pad_h, j = left + b - conv.pad_w;
              if (i < 0 || i >= conv.H || j < 0 || j >= conv.W) continue;
              d[a][b] = std::pow(x[((n * conv.C + c) * conv.H + i) * conv.W + j], 2);
            }
          }
          d2.push_back(from_both_sides(square.B, d));
        }
        for (Index o = 0; o < conv.O; ++o) {
          Matrix products = {};
          for (Index c = 0; c < conv.C; ++c) {
            for (Index a = 0; a < edge; ++a) {
              for (Index b = 0; b < edge; ++b) products[a][b] += g2[o * conv.C + c][a][b] * d2[c][a][b];
            }
          }
          const Matrix s2 = from_both_sides(square.A, products);
          for (Index a = 0; a < std::min<Index>(m, out_h - top); ++a) {
            for (Index b = 0; b < std::min<Index>(m, out_w - left); ++b) {
              errors[((n * conv.O + o) * out_h + top + a) * out_w + left + b] = rounding * std::sqrt(s2[a][b]);
            }
          }
        }
      }
    }
  }
  return errors;
}

}  // namespace l2l::testing
