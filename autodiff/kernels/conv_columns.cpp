#include "autodiff/kernels/conv_columns.h"

#include <algorithm>

#include "autodiff/kernels/blas.h"

namespace l2l::conv_columns {
namespace {

/// visit(tap, i, at, first, last) for each tap of the window and each row i of the output: in its columns first …
/// last - 1 the tap is inside the image, and `at` is the offset of the first of these input pixels.
template <class Visit>
void rows(const Convolution& conv, Visit visit) {
  const Index stride = conv.stride, out_h = conv.out_h(), out_w = conv.out_w();
  for (Index c = 0, tap = 0; c < conv.C; ++c) {
    for (Index ky = 0; ky < conv.kh; ++ky) {
      for (Index kx = 0; kx < conv.kw; ++kx, ++tap) {
        // padding ≤ j * stride + kx < W + padding
        const Index first = std::min(out_w, std::max<Index>(0, (conv.pad_w - kx + stride - 1) / stride));
        const Index last = std::max(first, std::min(out_w, (conv.W - 1 + conv.pad_w - kx + stride) / stride));
        for (Index i = 0; i < out_h; ++i) {
          const Index y = i * stride + ky - conv.pad_h;
          const bool inside = y >= 0 && y < conv.H;
          visit(tap, i, (c * conv.H + y) * conv.W + first * stride + kx - conv.pad_w, inside ? first : 0,
                inside ? last : 0);
        }
      }
    }
  }
}

/// The window of each result as a column: columns[tap, pixel], 0 where the tap is outside the image.
void to_columns(const Convolution& conv, const Real* image, Real* columns) {
  const Index out_w = conv.out_w(), P = conv.out_h() * out_w, stride = conv.stride;
  rows(conv, [=](Index tap, Index i, Index from, Index first, Index last) {
    Real* row = columns + tap * P + i * out_w;
    std::fill(row, row + first, Real(0));
    for (Index j = first; j < last; ++j, from += stride) row[j] = image[from];
    std::fill(row + last, row + out_w, Real(0));
  });
}

/// The transpose: adds each column to the pixels that it was copied from.
void add_columns(const Convolution& conv, const Real* columns, Real* image) {
  const Index out_w = conv.out_w(), P = conv.out_h() * out_w, stride = conv.stride;
  rows(conv, [=](Index tap, Index i, Index to, Index first, Index last) {
    const Real* row = columns + tap * P + i * out_w;
    for (Index j = first; j < last; ++j, to += stride) image[to] += row[j];
  });
}

}  // namespace

Index scratch_size(const Convolution& conv) { return conv.taps() * conv.out_h() * conv.out_w(); }

void forward(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y, Real* scratch) {
  const Index K = conv.taps(), P = conv.out_h() * conv.out_w();
  for (Index n = 0; n < conv.N; ++n, x += conv.image_size(), y += conv.result_size()) {
    for (Index o = 0; o < conv.O; ++o) std::fill_n(y + o * P, P, bias[o]);
    to_columns(conv, x, scratch);
    blas::gemm(Trans::no, Trans::no, conv.O, P, K, weight, K, scratch, P, 1, y, P);
  }
}

void image_gradient(const Convolution& conv, const Real* weight, const Real* dy, Real* dx, Real* scratch) {
  const Index K = conv.taps(), P = conv.out_h() * conv.out_w();
  for (Index n = 0; n < conv.N; ++n, dx += conv.image_size(), dy += conv.result_size()) {
    blas::gemm(Trans::yes, Trans::no, K, P, conv.O, weight, K, dy, P, 0, scratch, P);
    add_columns(conv, scratch, dx);
  }
}

void weight_gradient(const Convolution& conv, const Real* x, const Real* dy, Real* dweight, Real* scratch) {
  const Index K = conv.taps(), P = conv.out_h() * conv.out_w();
  for (Index n = 0; n < conv.N; ++n, x += conv.image_size(), dy += conv.result_size()) {
    to_columns(conv, x, scratch);
    blas::gemm(Trans::no, Trans::yes, conv.O, K, P, dy, P, scratch, P, 1, dweight, K);
  }
}

}  // namespace l2l::conv_columns
