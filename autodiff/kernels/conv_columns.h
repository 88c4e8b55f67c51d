#pragma once
#include "autodiff/kernels/convolution.h"

/// Convolution of any kind as a matrix product: with the window of each result as a column of X,
///     y = W X,    ∂L/∂W = dy Xᵀ,    ∂L/∂X = Wᵀ dy
namespace l2l::conv_columns {

/// Reals that the functions below need to work in.
Index scratch_size(const Convolution& conv);

/// y = conv(x), with a bias for each output channel.
void forward(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y, Real* scratch);
/// dx += ∂L/∂x, given dy = ∂L/∂y.
void image_gradient(const Convolution& conv, const Real* weight, const Real* dy, Real* dx, Real* scratch);
/// dweight += ∂L/∂weight.
void weight_gradient(const Convolution& conv, const Real* x, const Real* dy, Real* dweight, Real* scratch);

}  // namespace l2l::conv_columns
