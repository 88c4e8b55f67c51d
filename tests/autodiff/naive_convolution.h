#pragma once
#include <vector>

#include "autodiff/kernels/convolution.h"
#include "tests/tolerance.h"

/// Convolutions by their definition, in loops, with the bounds of any order of the sums.
namespace l2l::testing {

/// The pixel of a channel that a window sees at (i, j), which may be in the padding; -1: none, a zero.
inline Index pixel(const Convolution& conv, Index i, Index j) {
  if (conv.mirrored) {
    if (i < 0) i = -i;
    if (j < 0) j = -j;
    if (i >= conv.H) i = 2 * conv.H - 2 - i;
    if (j >= conv.W) j = 2 * conv.W - 2 - j;
  }
  return i >= 0 && i < conv.H && j >= 0 && j < conv.W ? i * conv.W + j : -1;
}

/// visit(result, weight, pixel) for each product of the definition.
template <class Visit>
void each_product(const Convolution& conv, Visit visit) {
  const Index out_h = conv.out_h(), out_w = conv.out_w(), window = conv.kh * conv.kw;
  for (Index y = 0; y < conv.N * conv.result_size(); ++y) {
    const Index j = y % out_w, i = y / out_w % out_h, o = y / (out_w * out_h) % conv.O, n = y / conv.result_size();
    for (Index k = 0; k < conv.taps(); ++k) {
      const Index at =
          pixel(conv, i * conv.stride + k / conv.kw % conv.kh - conv.pad_h, j * conv.stride + k % conv.kw - conv.pad_w);
      if (at >= 0) visit(y, o * conv.taps() + k, (n * conv.C + k / window) * conv.H * conv.W + at);
    }
  }
}

/// y = conv(x) + bias, before the rectifier if there is one.
inline std::vector<Sum> naive_results(const Convolution& conv, const std::vector<Real>& w,
                                      const std::vector<Real>& bias, const std::vector<Real>& x) {
  std::vector<Sum> y(conv.N * conv.result_size());
  for (Index k = 0; k < static_cast<Index>(y.size()); ++k) y[k].add(bias[k / (conv.out_h() * conv.out_w()) % conv.O]);
  each_product(conv, [&](Index k, Index weight, Index at) { y[k].add(static_cast<Sum::Wide>(w[weight]) * x[at]); });
  return y;
}

/// The gradients of Σ dy y, without a rectifier.
struct NaiveGradients {
  std::vector<Sum> x, weight, bias;

  NaiveGradients(const Convolution& conv, const std::vector<Real>& x, const std::vector<Real>& w,
                 const std::vector<Real>& dy)
      : x(x.size()), weight(w.size()), bias(conv.O) {
    for (Index k = 0; k < static_cast<Index>(dy.size()); ++k) {
      bias[k / (conv.out_h() * conv.out_w()) % conv.O].add(dy[k]);
    }
    each_product(conv, [&](Index k, Index tap, Index at) {
      this->x[at].add(static_cast<Sum::Wide>(dy[k]) * w[tap]);
      weight[tap].add(static_cast<Sum::Wide>(dy[k]) * x[at]);
    });
  }
};

/// dy before a rectifier with results y.
inline std::vector<Real> rectified(const std::vector<Real>& y, std::vector<Real> dy) {
  for (std::size_t k = 0; k < dy.size(); ++k) {
    if (!(y[k] > 0)) dy[k] = 0;
  }
  return dy;
}

}  // namespace l2l::testing
