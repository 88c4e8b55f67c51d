#include "autodiff/kernels/norm_relu_pool.h"

namespace l2l::norm_relu_pool {
namespace {

/// The four elements of the j-th 2x2 window in two rows of an image, in row-major order.
struct Window {
  Real x[4];

  Window(const Real* top, const Real* bottom, Index j)
      : x{top[2 * j], top[2 * j + 1], bottom[2 * j], bottom[2 * j + 1]} {}
};

}  // namespace

void forward_row(const Real* top, const Real* bottom, Index windows, Normalisation z, Real* y, Real* largest) {
#pragma omp simd
  for (Index j = 0; j < windows; ++j) {
    const Window w(top, bottom, j);
    Real z_of_largest = 0, x_of_largest = w.x[0];
    for (int k = 0; k < 4; ++k) {
      const Real v = z(w.x[k]);
      x_of_largest = v > z_of_largest || v != v ? w.x[k] : x_of_largest;
      z_of_largest = v > z_of_largest || v != v ? v : z_of_largest;
    }
    y[j] = z_of_largest;
    largest[j] = x_of_largest;
  }
}

void sum_image(const Real* y, const Real* dy, const Real* largest, Index count, Real mean, double& sum,
               double& products) {
  Real image_sum = 0, image_products = 0;
#pragma omp simd reduction(+ : image_sum, image_products)
  for (Index k = 0; k < count; ++k) {
    const Real dz = y[k] > 0 ? dy[k] : 0;
    image_sum += dz;
    image_products += dz * (largest[k] - mean);
  }
  sum += image_sum;
  products += image_products;
}

void backward_row(const Real* top, const Real* bottom, Index windows, Normalisation z, const Real* y, const Real* dy,
                  const Real* largest, Real mean_dz, Real per_x, Real* dtop, Real* dbottom) {
#pragma omp simd
  for (Index j = 0; j < windows; ++j) {
    const Window w(top, bottom, j);
    Real left = y[j] > 0 ? dy[j] : 0;  // 0 once an element has got it
    Real dx[4];
    for (int k = 0; k < 4; ++k) {
      const bool first = w.x[k] == largest[j];
      dx[k] = z.slope * ((first ? left : 0) - mean_dz - (w.x[k] - z.mean) * per_x);
      left = first ? 0 : left;
    }
    dtop[2 * j] += dx[0];
    dtop[2 * j + 1] += dx[1];
    dbottom[2 * j] += dx[2];
    dbottom[2 * j + 1] += dx[3];
  }
}

}  // namespace l2l::norm_relu_pool
