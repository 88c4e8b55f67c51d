#pragma once
#include "autodiff/types.h"

namespace l2l {

/// The extents of a convolution (see conv2d in ops.h).
struct Convolution {
  Index N, C, H, W;  // the images
  Index O, kh, kw;  // the weights are [O, C, kh, kw]
  Index stride, pad_h, pad_w;

  Index out_h() const { return (H + 2 * pad_h - kh) / stride + 1; }
  Index out_w() const { return (W + 2 * pad_w - kw) / stride + 1; }
  /// Elements of an image, and of its result; weights of an output channel.
  Index image_size() const { return C * H * W; }
  Index result_size() const { return O * out_h() * out_w(); }
  Index taps() const { return C * kh * kw; }

  /// The same for the first `count` images.
  Convolution with_images(Index count) const {
    Convolution c = *this;
    c.N = count;
    return c;
  }
  /// For stride 1, the convolution that makes the images' gradients of the results': a pixel collects from all results
  /// whose windows it is in, by the same weights turned round.
  Convolution transposed() const { return {N, O, out_h(), out_w(), C, kh, kw, 1, kh - 1 - pad_h, kw - 1 - pad_w}; }
};

/// The weights of a convolution, or turned round those of its transpose: the kh · kw numbers between an output and an
/// input channel are `tap_step` apart.
struct Weights {
  const Real* first;
  Index output_step, input_step, tap_step;

  const Real* between(Index output, Index input) const { return first + output * output_step + input * input_step; }
};
inline Weights weights_of(const Convolution& conv, const Real* weight) {
  return {weight, conv.taps(), conv.kh * conv.kw, 1};
}
inline Weights turned_weights_of(const Convolution& conv, const Real* weight) {
  return {weight + conv.kh * conv.kw - 1, conv.kh * conv.kw, conv.taps(), -1};
}

}  // namespace l2l
