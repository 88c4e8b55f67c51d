#pragma once
#include "autodiff/types.h"

namespace l2l {

/// A convolution (see conv2d in autodiff/images/ops.h), perhaps with mirrored edges and a rectifier behind it.
struct Convolution {
  Index N, C, H, W;  // the images
  Index O, kh, kw;  // the weights are [O, C, kh, kw]
  Index stride, pad_h, pad_w;
  bool mirrored = false;  // the padding mirrors what is inside, and is less than H and W; or zeros
  bool rectified = false;  // y = max(0, conv(x) + bias)

  Index out_h() const { return (H + 2 * pad_h - kh) / stride + 1; }
  Index out_w() const { return (W + 2 * pad_w - kw) / stride + 1; }
  /// Elements of an input image, elements of an output image, and weights of an output channel.
  Index image_size() const { return C * H * W; }
  Index result_size() const { return O * out_h() * out_w(); }
  Index taps() const { return C * kh * kw; }

  /// The same for the first `count` images.
  Convolution with_images(Index count) const {
    Convolution c = *this;
    c.N = count;
    return c;
  }
  /// The linear part, without padding, on images that have it already.
  Convolution on_padded() const { return {N, C, H + 2 * pad_h, W + 2 * pad_w, O, kh, kw, stride, 0, 0}; }
  /// For stride 1 and zeros at the edges: the convolution that turns ∂L/∂y into ∂L/∂x. A pixel collects from all
  /// results whose windows it is in, so the weights are the same, rotated by 180 degrees.
  Convolution transposed() const { return {N, O, out_h(), out_w(), C, kh, kw, 1, kh - 1 - pad_h, kw - 1 - pad_w}; }
};

/// The weights of a convolution as they are stored, [rows, columns, window]: output channels are rows. If `turned`, for
/// the transposed convolution, output channels are columns, and the taps of a window are in reverse order.
struct Weights {
  const Real* data;
  Index rows, columns, window;
  bool turned;

  Weights(const Convolution& conv, const Real* data, bool turned = false)
      : data(data), rows(conv.O), columns(conv.C), window(conv.kh * conv.kw), turned(turned) {}
  Real at(Index output, Index input, Index tap) const {
    return turned ? data[(input * columns + output) * window + window - 1 - tap]
                  : data[(output * columns + input) * window + tap];
  }
};

}  // namespace l2l
