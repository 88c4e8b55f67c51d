#pragma once
#include "autodiff/types.h"

/// Rows of images, normalised, rectified and pooled in windows of 2x2 in one pass (autodiff/images/norm_relu_pool.cpp).
namespace l2l::norm_relu_pool {

/// z = slope (x - mean) + bias
struct Normalisation {
  Real mean, slope, bias;
  Real operator()(Real x) const { return slope * (x - mean) + bias; }
};

/// For each window in two rows of an image: y = max(0, max z(x)), NaN if any is; `largest` is the x of the largest z.
void forward_row(const Real* top, const Real* bottom, Index windows, Normalisation z, Real* y, Real* largest);

/// sum += Σ dz,   products += Σ dz (largest - mean), where dz is ∂L/∂z of the largest element of each window.
void sum_image(const Real* y, const Real* dy, const Real* largest, Index count, Real mean, double& sum,
               double& products);

/// dx += slope · (dz - mean_dz - (x - mean) per_x), where dz is 0 except for the first largest element of each window.
void backward_row(const Real* top, const Real* bottom, Index windows, Normalisation z, const Real* y, const Real* dy,
                  const Real* largest, Real mean_dz, Real per_x, Real* dtop, Real* dbottom);

}  // namespace l2l::norm_relu_pool
