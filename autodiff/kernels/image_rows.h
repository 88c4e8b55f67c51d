#pragma once
#include <algorithm>

#include "autodiff/kernels/convolution.h"

/// Rows of pixels and of results, as the kernels of convolutions read and write them.
namespace l2l::image_rows {

/// The index in 0 … n - 1 that i, at most n - 1 outside, is the mirror image of: -1 → 1, n → n - 2.
inline Index mirror(Index i, Index n) { return i < 0 ? -i : i < n ? i : 2 * (n - 1) - i; }

/// Row i of an image, seen from its first pixel; null in rows that are 0, as those of its padding may be.
inline const Real* find(const Convolution& conv, const Real* image, Index i) {
  if (conv.mirrored && i >= -conv.pad_h && i < conv.H + conv.pad_h) i = mirror(i, conv.H);
  return i >= 0 && i < conv.H ? image + i * conv.W : nullptr;
}

/// out[j] = row[first + j] for j < n, where a row has its padding around it, and zeros around that. A row that is null
/// is 0.
inline void read(const Convolution& conv, const Real* row, Index first, Index n, Real* out) {
  if (!row) {
    std::fill(out, out + n, Real(0));
    return;
  }
  const Index W = conv.W, begin = std::clamp<Index>(-first, 0, n), end = std::clamp(W - first, begin, n);
  std::fill(out, out + begin, Real(0));
  std::copy(row + first + begin, row + first + end, out + begin);
  std::fill(out + end, out + n, Real(0));
  if (!conv.mirrored) return;
  const Index padding = std::max<Index>(0, -conv.pad_w - first), padded = std::min(n, W + conv.pad_w - first);
  for (Index j = padding; j < begin; ++j) out[j] = row[mirror(first + j, W)];
  for (Index j = end; j < padded; ++j) out[j] = row[mirror(first + j, W)];
}

/// A row of results: y[j] = sums[j] + bias, rectified or not. NaN is passed on, not hidden.
inline void write(const Convolution& conv, const Real* sums, Real bias, Real* y) {
  const Index n = conv.out_w();
  if (conv.rectified) {
    for (Index j = 0; j < n; ++j) y[j] = sums[j] + bias < 0 ? 0 : sums[j] + bias;
  } else {
    for (Index j = 0; j < n; ++j) y[j] = sums[j] + bias;
  }
}

/// A row of ∂L/∂y before the rectifier, if there is one: 0 where y is. Where y is NaN, it is passed on.
inline void read_gradient(const Convolution& conv, const Real* y, const Real* dy, Real* out) {
  const Index n = conv.out_w();
  if (conv.rectified) {
    for (Index j = 0; j < n; ++j) out[j] = y[j] <= 0 ? 0 : dy[j];
  } else {
    std::copy_n(dy, n, out);
  }
}

}  // namespace l2l::image_rows
