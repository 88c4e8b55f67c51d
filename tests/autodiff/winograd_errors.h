#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "autodiff/kernels/convolution.h"
#include "tests/autodiff/naive_convolution.h"
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

inline Matrix transpose(const Matrix& M) {
  Matrix T;
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 6; ++j) T[i][j] = M[j][i];
  }
  return T;
}

/// |G|² g² |G|² for all weights [O, C].
inline std::vector<Matrix> squared_weights(const Convolution& conv, int m, const std::vector<Real>& w) {
  std::vector<Matrix> g2;
  for (Index k = 0; k < conv.O * conv.C; ++k) {
    Matrix g = {};
    for (Index tap = 0; tap < 9; ++tap) g[tap / 3][tap % 3] = std::pow(w[9 * k + tap], 2);
    g2.push_back(from_both_sides(SquaredMatrices(m).G, g));
  }
  return g2;
}
inline void add_product(Matrix& sum, const Matrix& x, const Matrix& y) {
  for (int a = 0; a < 6; ++a) {
    for (int b = 0; b < 6; ++b) sum[a][b] += x[a][b] * y[a][b];
  }
}

/// visit(image, row and column of the first result) for each tile.
template <class Visit>
void each_tile(const Convolution& conv, int m, Visit visit) {
  for (Index n = 0; n < conv.N; ++n) {
    for (Index top = 0; top < conv.out_h(); top += m) {
      for (Index left = 0; left < conv.out_w(); left += m) visit(n, top, left);
    }
  }
}

/// The bound of the error of each result of a convolution [N, O, out_h, out_w] by F(m x m, 3x3).
///
/// A result is a sum of terms Aᵀ (G g) (Bᵀ d) A, which are larger than itself and cancel, so it is their size that
/// counts. For data without correlation, of both signs, the squares of standard deviations add up: the deviation of the
/// sum is s = √(|A|² [(|G|² g² |G|²) ⊙ (|B|² d² |B|²)] |A|²), with squares number by number, added over input channels.
/// On its way a result is rounded once for each channel, and in six transforms of up to five operations; partial sums
/// are at most about s in the mean, and n roundings of both signs add up to `roundings(n)` (see there).
inline std::vector<double> winograd_errors(const Convolution& conv, int m, const std::vector<Real>& w,
                                           const std::vector<Real>& x) {
  const SquaredMatrices square(m);
  const Index out_h = conv.out_h(), out_w = conv.out_w();
  const double rounding = roundings(static_cast<double>(conv.C) + 30) * kUnit<>;
  const std::vector<Matrix> g2 = squared_weights(conv, m, w);
  std::vector<double> errors(conv.N * conv.result_size());
  each_tile(conv, m, [&](Index n, Index top, Index left) {
    std::vector<Matrix> d2;  // [C]
    for (Index c = 0; c < conv.C; ++c) {
      Matrix d = {};
      for (Index k = 0; k < (m + 2) * (m + 2); ++k) {
        const Index a = k / (m + 2), b = k % (m + 2);
        const Index at = pixel(conv, top + a - conv.pad_h, left + b - conv.pad_w);
        if (at >= 0) d[a][b] = std::pow(x[(n * conv.C + c) * conv.H * conv.W + at], 2);
      }
      d2.push_back(from_both_sides(square.B, d));
    }
    for (Index o = 0; o < conv.O; ++o) {
      Matrix products = {};
      for (Index c = 0; c < conv.C; ++c) add_product(products, g2[o * conv.C + c], d2[c]);
      const Matrix s2 = from_both_sides(square.A, products);
      for (Index a = 0; a < std::min<Index>(m, out_h - top); ++a) {
        for (Index b = 0; b < std::min<Index>(m, out_w - left); ++b) {
          errors[((n * conv.O + o) * out_h + top + a) * out_w + left + b] = rounding * std::sqrt(s2[a][b]);
        }
      }
    }
  });
  return errors;
}

/// The same for ∂L/∂x, which is the transposed map: the deviation of what a tile says of its inputs is
/// s = √(|B|² [(|G|² g² |G|²) ⊙ (|A|² dy² |A|²)] |B|²), added over output channels. Up to four tiles say something of
/// a pixel, with a rounding each; those of mirror images are not independent of it, so that their bounds add up.
inline std::vector<double> winograd_gradient_errors(const Convolution& conv, int m, const std::vector<Real>& w,
                                                    const std::vector<Real>& dy) {
  const SquaredMatrices square(m);
  const Matrix A = transpose(square.A), B = transpose(square.B);
  const Index out_h = conv.out_h(), out_w = conv.out_w(), padded_w = conv.W + 2 * conv.pad_w;
  const Index padded = (conv.H + 2 * conv.pad_h) * padded_w;
  const double rounding = roundings(static_cast<double>(conv.O) + 38) * kUnit<>;
  const std::vector<Matrix> g2 = squared_weights(conv, m, w);
  std::vector<double> s2(conv.N * conv.C * padded);  // of padded images
  each_tile(conv, m, [&](Index n, Index top, Index left) {
    std::vector<Matrix> products(conv.C, Matrix());
    for (Index o = 0; o < conv.O; ++o) {
      Matrix tile = {};
      for (Index a = 0; a < std::min<Index>(m, out_h - top); ++a) {
        for (Index b = 0; b < std::min<Index>(m, out_w - left); ++b) {
          tile[a][b] = std::pow(dy[((n * conv.O + o) * out_h + top + a) * out_w + left + b], 2);
        }
      }
      const Matrix dy2 = from_both_sides(A, tile);
      for (Index c = 0; c < conv.C; ++c) add_product(products[c], g2[o * conv.C + c], dy2);
    }
    for (Index c = 0; c < conv.C; ++c) {
      const Matrix d2 = from_both_sides(B, products[c]);
      for (Index a = 0; a < std::min<Index>(m, out_h - top) + 2; ++a) {
        for (Index b = 0; b < std::min<Index>(m, out_w - left) + 2; ++b) {
          s2[(n * conv.C + c) * padded + (top + a) * padded_w + left + b] += d2[a][b];
        }
      }
    }
  });
  std::vector<double> errors(conv.N * conv.image_size());
  for (Index k = 0; k < static_cast<Index>(s2.size()); ++k) {
    const Index at = pixel(conv, k % padded / padded_w - conv.pad_h, k % padded_w - conv.pad_w);
    if (at >= 0) errors[k / padded * conv.H * conv.W + at] += rounding * std::sqrt(s2[k]);
  }
  return errors;
}

}  // namespace l2l::testing
