#pragma once
#include <span>

#include "autodiff/tape.h"

/// Operations on images, written like those of autodiff/ops.h. An image is [C, H, W]: C channels of H rows of W pixels;
/// a batch of N is [N, C, H, W].
namespace l2l {

/// Convolution (mathematically a cross-correlation):
///     y[n, o, i, j] = bias[o] + Σ_c Σ_a Σ_b weight[o, c, a, b] · x[n, c, row, column]
///     row = i·stride + a - padding,   column = j·stride + b - padding
/// where x is 0 outside the image. x: [N, C, H, W], weight: [O, C, kh, kw], bias: [O]; result [N, O, H', W'] with
/// H' = ⌊(H + 2·padding - kh) / stride⌋ + 1 and W' likewise. Gradients of constants are not computed.
Var conv2d(Var x, Var weight, Var bias, Index stride = 1, Index padding = 0);
/// The same in plain loops, about a hundred times slower: the version to read, and the reference in the tests.
Var plain_conv2d(Var x, Var weight, Var bias, Index stride = 1, Index padding = 0);

/// The largest element of each size × size window; [N, C, H, W] → [N, C, ⌊(H - size) / stride⌋ + 1, …]. The gradient
/// goes to that element; of equal ones, to the first in row-major order. `stride` 0 means `size`: no overlap, no gaps.
Var max_pool2d(Var x, Index size, Index stride = 0);
/// The mean of each window, likewise.
Var avg_pool2d(Var x, Index size, Index stride = 0);

/// Extends every image by `size` pixels on each side, which mirror those inside: row -1 is row 1, the edge itself is
/// not repeated. [N, C, H, W] → [N, C, H + 2·size, W + 2·size]; size < H and W. (PyTorch: ReflectionPad2d.)
Var reflect_pad2d(Var x, Index size);

/// relu(conv2d(reflect_pad2d(x, padding), weight, bias)), fused: no arrays between, which are most of the memory of a
/// large picture. padding is less than the extents of the window. This is a layer of a network that describes pictures.
Var reflect_pad_conv_relu(Var x, Var weight, Var bias, Index padding);

constexpr double kBatchNormEpsilon = 1e-5;
/// Batch normalisation (Ioffe & Szegedy 2015, algorithm 1): for every channel, over the batch and all pixels,
///     y = gain · (x - mean) / √(variance + eps) + bias
/// x: [N, C, H, W] or [N, C]; gain, bias: [C]. The variance is biased: divided by the number of elements.
Var batch_norm(Var x, Var gain, Var bias, double eps = kBatchNormEpsilon);
/// The same with a given mean and variance per channel, constants of [C]: for evaluation.
Var batch_norm(Var x, Var gain, Var bias, std::span<const Real> mean, std::span<const Real> variance,
               double eps = kBatchNormEpsilon);

/// max_pool2d(relu(batch_norm(x, gain, bias, eps)), 2), fused: a third of the time, and no arrays between. This is what
/// follows each convolution of a small classifier.
Var batch_norm_relu_max_pool(Var x, Var gain, Var bias, double eps = kBatchNormEpsilon);

}  // namespace l2l
