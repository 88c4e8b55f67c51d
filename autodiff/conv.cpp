#include <algorithm>

#include "autodiff/blas.h"
#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

/// Where the window of each output pixel lies in an image [C, H, W].
struct Windows {
  Index C, H, W;  // the image
  Index kh, kw, stride, padding;
  Index out_h, out_w;

  Index pixels() const { return out_h * out_w; }
  Index taps() const { return C * kh * kw; }

  /// visit(row of the columns, row of the output image, row of the input image, columns first … last of the output
  /// whose tap is inside the image, the first of them in the input) for each row of each tap that is inside.
  template <class Visit>
  void rows(Visit visit) const {
    for (Index c = 0, tap = 0; c < C; ++c) {
      for (Index ky = 0; ky < kh; ++ky) {
        for (Index kx = 0; kx < kw; ++kx, ++tap) {
          // padding ≤ j * stride + kx < W + padding
          const Index first = std::min(out_w, std::max<Index>(0, (padding - kx + stride - 1) / stride));
          const Index last = std::max(first, std::min(out_w, (W - 1 + padding - kx + stride) / stride));
          for (Index i = 0; i < out_h; ++i) {
            const Index y = i * stride + ky - padding;
            const bool inside = y >= 0 && y < H;
            visit(tap, i, (c * H + y) * W + first * stride + kx - padding, inside ? first : 0, inside ? last : 0);
          }
        }
      }
    }
  }

  /// The window of each output pixel as a column: columns[tap, pixel], 0 where a window leaves the image.
  void to_columns(const Real* image, Real* columns) const {
    rows([=, this](Index tap, Index i, Index from, Index first, Index last) {
      Real* row = columns + tap * pixels() + i * out_w;
      std::fill(row, row + first, Real(0));
      for (Index j = first; j < last; ++j, from += stride) row[j] = image[from];
      std::fill(row + last, row + out_w, Real(0));
    });
  }
  /// Its transpose: adds each column to the pixels that it was made from.
  void add_columns(const Real* columns, Real* image) const {
    rows([=, this](Index tap, Index i, Index to, Index first, Index last) {
      const Real* row = columns + tap * pixels() + i * out_w;
      for (Index j = first; j < last; ++j, to += stride) image[to] += row[j];
    });
  }
};

}  // namespace

// With the windows of image n as columns, X_n = to_columns(x_n):  y_n = W X_n + b, and
//   ∂L/∂W = Σ_n dy_n X_nᵀ,   ∂L/∂x_n = add_columns(Wᵀ dy_n),   ∂L/∂b = Σ_n Σ_pixels dy_n
Var conv2d(Var x, Var weight, Var bias, Index stride, Index padding) {
  if (x.shape.rank() != 4 || weight.shape.rank() != 4 || x.shape[1] != weight.shape[1]) {
    throw Error("conv2d: x ", x.shape, " and weight ", weight.shape, " do not fit, [NxCxHxW] and [OxCxkhxkw] would");
  }
  if (bias.shape != Shape{weight.shape[0]}) {
    throw Error("conv2d: weight ", weight.shape, " and bias ", bias.shape, " do not fit, [OxCxkhxkw] and [O] would");
  }
  if (stride < 1) throw Error("conv2d: stride ", stride, ", it must be at least 1");
  if (padding < 0) throw Error("conv2d: padding ", padding, ", it must not be negative");
  const Index N = x.shape[0], C = x.shape[1], H = x.shape[2], W = x.shape[3];
  const Index O = weight.shape[0], kh = weight.shape[2], kw = weight.shape[3];
  if (kh < 1 || kw < 1 || kh > H + 2 * padding || kw > W + 2 * padding) {
    throw Error("conv2d: weight ", weight.shape, " does not fit in x ", x.shape, " with padding ", padding);
  }
  const Windows windows = {
      C, H, W, kh, kw, stride, padding, (H + 2 * padding - kh) / stride + 1, (W + 2 * padding - kw) / stride + 1};
  const Index P = windows.pixels(), K = windows.taps();

  Var y = Tape::output("conv2d", {N, O, windows.out_h, windows.out_w}, {x, weight, bias});
  Real* const columns = y.tape->scratch(K * P);
  for (Index n = 0; n < N; ++n) {
    Real* image = y.value + n * O * P;
    for (Index o = 0; o < O; ++o) std::fill_n(image + o * P, P, bias.value[o]);
    windows.to_columns(x.value + n * C * H * W, columns);
    blas::gemm(Trans::no, Trans::no, O, P, K, weight.value, K, columns, P, 1, image, P);
  }
  y.tape->record(y, [=] {
    for (Index n = 0; n < N; ++n) {
      const Real* dy = y.grad + n * O * P;
      if (weight.grad) {
        windows.to_columns(x.value + n * C * H * W, columns);
        blas::gemm(Trans::no, Trans::yes, O, K, P, dy, P, columns, P, 1, weight.grad, K);
      }
      if (x.grad) {
        blas::gemm(Trans::yes, Trans::no, K, P, O, weight.value, K, dy, P, 0, columns, P);
        windows.add_columns(columns, x.grad + n * C * H * W);
      }
      if (bias.grad) {
        for (Index o = 0; o < O; ++o) {
          Real sum = 0;
          for (Index p = 0; p < P; ++p) sum += dy[o * P + p];
          bias.grad[o] += sum;
        }
      }
    }
  });
  return y;
}

}  // namespace l2l
