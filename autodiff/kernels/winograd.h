#pragma once
#include "autodiff/kernels/convolution.h"

/// 3x3 convolution of many channels with fewer multiplications than its definition has: the algorithm F(m x m, 3x3) of
/// Lavin & Gray 2016 ("Fast Algorithms for Convolutional Neural Networks"), after Winograd 1980. A tile of m x m
/// results depends on (m+2) x (m+2) numbers d of each input channel, and is
///
///     y = Σ_c Aᵀ [ (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A        g_c: the 3x3 weights; A, G, B: see winograd_tile.h
///
/// For m = 2 that is 16 multiplications instead of 36, for m = 4 it is 36 instead of 144. The sum over channels, for
/// all tiles at once, is a matrix product for each of them. With many channels the transforms take little of the time.
///
/// The gradient is the transpose of that map, with the same tiles and the same transformed weights. A pixel that is in
/// the windows of several tiles gets the sum of what they say:
///
///     ∂L/∂d_c = Σ_o B [ (G g_oc Gᵀ) ⊙ (A ∂L/∂y_o Aᵀ) ] Bᵀ
///
/// The terms of the sums over A and B are larger than the results and cancel, so errors are larger than by the
/// definition. For m = 4, data without correlation and 32 to 512 channels, the root of the mean squared error in float
/// is 1e-6 to 4e-6 of the deviation of the results, and the largest of some thousands of errors ten times that.
namespace l2l::winograd {

/// Whether this is the kernel to use: 3x3, stride 1, padding of at most 2, or of 1 if it is mirrored, which the
/// functions below need, and enough channels.
bool suits(const Convolution& conv);
/// The m to use, 2 or 4: with fewer multiplications, also of what fills up tiles and registers at the edges.
int best_tile(const Convolution& conv);

/// Length of `scratch` below, for the same m and number of threads.
Index forward_scratch(const Convolution& conv, int m, int threads);
Index image_gradient_scratch(const Convolution& conv, int m, int threads);

/// y = conv(x) + bias, rectified or not. By F(m x m, 3x3), m = 2 or 4.
void forward(const Convolution& conv, int m, const Real* weight, const Real* bias, const Real* x, Real* y, int threads,
             Real* scratch);
/// dx += ∂L/∂x, given y and dy = ∂L/∂y.
void image_gradient(const Convolution& conv, int m, const Real* weight, const Real* y, const Real* dy, Real* dx,
                    int threads, Real* scratch);

}  // namespace l2l::winograd
