#pragma once
#include "autodiff/kernels/convolution.h"

/// Convolution with stride 1 as its definition says: every sum of a tile of results is in a register, and every input
/// is read from where it lies, once for each weight.
namespace l2l::conv_direct {

/// Whether this is for such a convolution: stride 1, and padding less than the kernel.
bool suits(const Convolution& conv);

/// Reals that the functions below need to work in.
Index scratch_size(const Convolution& conv);

/// y = conv(x), with a bias for each output channel; or, if `bias` is null, y += conv(x).
void correlate(const Convolution& conv, const Weights& weights, const Real* bias, const Real* x, Real* y,
               Real* scratch);

/// dweight += ∂L/∂weight, given dy = ∂L/∂y.
void weight_gradient(const Convolution& conv, const Real* x, const Real* dy, Real* dweight, Real* scratch);

}  // namespace l2l::conv_direct
