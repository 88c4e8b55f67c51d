#pragma once
#include "autodiff/kernels/convolution.h"

/// Convolution and its gradients by the kernel that is fastest for these extents: Winograd, direct, or im2col. The same
/// bytes for any number of threads. Mirrored edges and rectifiers only with stride 1 and padding less than the kernel.
namespace l2l::convolve {

/// Length of `scratch` in each of the functions below.
Index forward_scratch(const Convolution& conv, int threads);
Index image_gradient_scratch(const Convolution& conv, int threads);
Index weight_gradient_scratch(const Convolution& conv, int threads);

/// y = conv(x) + bias, rectified or not.
void forward(const Convolution& conv, const Real* weight, const Real* bias, const Real* x, Real* y, int threads,
             Real* scratch);
/// dx += ∂L/∂x, given y and dy = ∂L/∂y.
void image_gradient(const Convolution& conv, const Real* weight, const Real* y, const Real* dy, Real* dx, int threads,
                    Real* scratch);
/// dweight += ∂L/∂weight.
void weight_gradient(const Convolution& conv, const Real* x, const Real* y, const Real* dy, Real* dweight, int threads,
                     Real* scratch);
/// dbias += ∂L/∂bias.
void bias_gradient(const Convolution& conv, const Real* y, const Real* dy, Real* dbias, int threads);

}  // namespace l2l::convolve
