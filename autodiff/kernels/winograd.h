#pragma once
#include "autodiff/kernels/convolution.h"

/// 3x3 convolution of many channels with fewer multiplications than its definition has: the algorithm F(2x2, 3x3) of
/// Lavin & Gray 2016 ("Fast Algorithms for Convolutional Neural Networks"), after Winograd 1980. A tile of 2x2 results
/// depends on 4x4 numbers d of each input channel, and is
///
///     Σ_c Aᵀ [ (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A        g_c: the 3x3 weights
///
///          1  0 -1  0          1   0   0
///     Bᵀ = 0  1  1  0     G =  ½   ½   ½     Aᵀ = 1  1  1  0
///          0 -1  1  0          ½  -½   ½          0  1 -1 -1
///          0  1  0 -1          0   0   1
///
/// 16 multiplications instead of 36. The sum over channels, for all tiles at once, is a matrix product for each of the
/// 16. With many channels the transforms take little of the time.
namespace l2l::winograd {

/// Whether this is the kernel to use: 3x3, stride 1, and enough channels.
bool suits(const Convolution& conv);

/// Length of `scratch` below.
Index scratch_size(const Convolution& conv, int threads);

/// y = conv(x) + bias; or, if `bias` is null, y += conv(x).
void correlate(const Convolution& conv, const Weights& weights, const Real* bias, const Real* x, Real* y, int threads,
               Real* scratch);

}  // namespace l2l::winograd
