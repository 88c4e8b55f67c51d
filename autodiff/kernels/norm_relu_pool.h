#pragma once
#include "autodiff/types.h"

/// Rows of images, normalised, rectified and pooled in windows of 2x2 in one pass (autodiff/images/norm_relu_pool.cpp).
namespace l2l::norm_relu_pool {

/// z = slope (x - mean) + bias
struct Normalisation {
  Real mean, slope, bias;
  Real operator()(Real x) const { return slope * (x - mean) + bias; }
};

/// For each window of two rows of an image: y = max(0, max z(x)), NaN if there is one; largest: the x whose z is the
/// largest.
void forward_row(const Real* top, const Real* bottom, Index windows, Normalisation z, Real* y, Real* largest);

/// Adds ∂L/∂z of the largest of each window to `sum`, and its products with x - mean to `products`.
void sum_image(const Real* y, const Real* dy, const Real* largest, Index count, Real mean, double& sum,
               double& products);

/// dx += slope · (∂L/∂z - mean_dz - (x - mean) per_x), where ∂L/∂z is 0 but for the first largest of each window.
void backward_row(const Real* top, const Real* bottom, Index windows, Normalisation z, const Real* y, const Real* dy,
                  const Real* largest, Real mean_dz, Real per_x, Real* dtop, Real* dbottom);

}  // namespace l2l::norm_relu_pool
