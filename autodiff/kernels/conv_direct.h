#pragma once
#include "autodiff/kernels/convolution.h"

/// Convolution with stride 1 by its definition. The sums of a tile of results are kept in registers, and inputs are
/// read in place, once for each weight.
namespace l2l::conv_direct {

/// Whether these functions can do it: stride 1, and padding less than the kernel.
bool suits(const Convolution& conv);

/// Length of `scratch` below.
Index scratch_size(const Convolution& conv);

/// y = conv(x) + bias, rectified or not.
void forward(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y, Real* scratch);
/// dx += ∂L/∂x, given y and dy = ∂L/∂y.
void image_gradient(const Convolution& conv, const Real* weight, const Real* y, const Real* dy, Real* dx,
                    Real* scratch);
/// dweight += ∂L/∂weight.
void weight_gradient(const Convolution& conv, const Real* x, const Real* y, const Real* dy, Real* dweight,
                     Real* scratch);

}  // namespace l2l::conv_direct
