#pragma once
#include "autodiff/kernels/convolution.h"

/// Any convolution as a matrix product (im2col). The window of each result is a column of X:
///     y = W X,    ∂L/∂W = dy Xᵀ,    ∂L/∂X = Wᵀ dy
namespace l2l::conv_columns {

/// Length of `scratch` below.
Index scratch_size(const Convolution& conv);

/// y = conv(x) + bias.
void forward(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y, Real* scratch);
/// dx += ∂L/∂x, given dy = ∂L/∂y.
void image_gradient(const Convolution& conv, const Real* weight, const Real* dy, Real* dx, Real* scratch);
/// dweight += ∂L/∂weight.
void weight_gradient(const Convolution& conv, const Real* x, const Real* dy, Real* dweight, Real* scratch);

}  // namespace l2l::conv_columns
