#pragma once
#include "autodiff/kernels/convolution.h"

/// 3x3 convolution of many channels with fewer multiplications than its definition has: the algorithm F(m x m, 3x3) of
/// Lavin & Gray 2016 ("Fast Algorithms for Convolutional Neural Networks"), after Winograd 1980. A tile of m x m
/// results depends on (m+2) x (m+2) numbers d of each input channel, and is
///
///     Σ_c Aᵀ [ (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A        g_c: the 3x3 weights; A, G, B: see winograd_tile.h
///
/// For m = 2 that is 16 multiplications instead of 36, for m = 4 it is 36 instead of 144. The sum over channels, for
/// all tiles at once, is a matrix product for each of them. With many channels the transforms take little of the time.
///
/// The terms of the sums over A are larger than the results and cancel, so errors are larger than by the definition:
/// for data without correlation some 3 to 30 times for m = 4, by the place in the tile, which is 1e-6 to 1e-5 of the
/// deviation of the results in float.
namespace l2l::winograd {

/// Whether this is the kernel to use: 3x3, stride 1, padding of at most 2, which the functions below need, and enough
/// channels.
bool suits(const Convolution& conv);
/// The m to use, 2 or 4: with fewer multiplications, also of what fills up tiles and registers at the edges.
int best_tile(const Convolution& conv);

/// Length of `scratch` below, for the same m and number of threads.
Index scratch_size(const Convolution& conv, int m, int threads);

/// y = conv(x) + bias; or, if `bias` is null, y += conv(x). By F(m x m, 3x3), m = 2 or 4.
void correlate(const Convolution& conv, int m, const Weights& weights, const Real* bias, const Real* x, Real* y,
               int threads, Real* scratch);

}  // namespace l2l::winograd
