#include "autodiff/channels.h"
#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "autodiff/parallel.h"

namespace l2l {
namespace {

/// z = slope (x - mean) + bias
struct Normalisation {
  Real mean, slope, bias;
  Real operator()(Real x) const { return slope * (x - mean) + bias; }
};

/// A 2x2 window's four elements, row by row, in two rows of an image.
struct Window {
  Real x[4];

  Window(const Real* top, const Real* bottom, Index j)
      : x{top[2 * j], top[2 * j + 1], bottom[2 * j], bottom[2 * j + 1]} {}
};

/// y[j] = max(0, z of the largest), NaN if there is one; largest[j]: the x that it is z of.
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

/// Adds ∂L/∂z of the largest of each window to `sum`, and its products with x - mean to `products`.
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

/// dx += slope · (∂L/∂z - mean_dz - (x - mean) per_x), where ∂L/∂z is 0 but for the first largest of each window.
void backward_row(const Real* top, const Real* bottom, Index windows, Normalisation z, const Real* y, const Real* dy,
                  const Real* largest, Real mean_dz, Real per_x, Real* dtop, Real* dbottom) {
#pragma omp simd
  for (Index j = 0; j < windows; ++j) {
    const Window w(top, bottom, j);
    Real left = y[j] > 0 ? dy[j] : 0;  // for elements not looked at yet
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

}  // namespace

// Channel by channel, which is what a second-level cache holds: the normalised and rectified images are never in
// memory. Only of the largest element of each window, z, does the result depend directly; with dz = ∂L/∂z, and 0 for
// all others, batch_norm's derivatives are
//   ∂L/∂gain = Σ dz x̂,   ∂L/∂bias = Σ dz,   ∂L/∂x = gain/σ (dz - mean(dz) - x̂ mean(dz x̂))
Var batch_norm_relu_max_pool(Var x, Var gain, Var bias, double eps) {
  constexpr const char* kOp = "batch_norm_relu_max_pool";
  const Channels channels(kOp, x.shape, gain.shape, bias.shape);
  if (x.shape.rank() != 4 || x.shape[2] < 2 || x.shape[3] < 2) {
    throw Error(kOp, ": x ", x.shape, " is not [NxCxHxW] with a window of 2x2");
  }
  if (channels.elements() == 0) throw Error(kOp, ": x ", x.shape, " has nothing to take a mean of");
  const Index C = channels.C, P = channels.P, H = x.shape[2], W = x.shape[3], out_h = H / 2, out_w = W / 2;
  const Index out_P = out_h * out_w;
  Var y = Tape::output(kOp, x.shape.with(2, out_h).with(3, out_w), {x, gain, bias});
  Real* const mean = y.tape->scratch(C);
  Real* const scale = y.tape->scratch(C);  // 1/σ
  Real* const largest = y.tape->scratch(y.size());  // of each window of x
  parallel_for(y.tape->threads(), C, [&](Index c, int) {
    mean[c] = static_cast<Real>(channels.mean(x.value, c));
    scale[c] = static_cast<Real>(1 / channels.deviation(x.value, c, mean[c], eps));
    const Normalisation z = {mean[c], gain.value[c] * scale[c], bias.value[c]};
    for (Index n = 0; n < channels.N; ++n) {
      const Real* image = x.value + (n * C + c) * P;
      for (Index i = 0, out = (n * C + c) * out_P; i < out_h; ++i, out += out_w) {
        forward_row(image + 2 * i * W, image + (2 * i + 1) * W, out_w, z, y.value + out, largest + out);
      }
    }
  });
  y.tape->record(y, [=] {
    parallel_for(y.tape->threads(), C, [=](Index c, int) {
      const Normalisation z = {mean[c], gain.value[c] * scale[c], bias.value[c]};
      double sum = 0, products = 0;  // Σ dz, Σ dz (x - mean)
      for (Index n = 0; n < channels.N; ++n) {
        const Index first = (n * C + c) * out_P;
        sum_image(y.value + first, y.grad + first, largest + first, out_P, z.mean, sum, products);
      }
      products *= scale[c];
      if (gain.grad) gain.grad[c] += static_cast<Real>(products);
      if (bias.grad) bias.grad[c] += static_cast<Real>(sum);
      if (!x.grad) return;
      const double M = static_cast<double>(channels.elements());
      const Real mean_dz = static_cast<Real>(sum / M), per_x = static_cast<Real>(products / M) * scale[c];
      const auto outside = [=](Index k) { x.grad[k] += z.slope * (-mean_dz - (x.value[k] - z.mean) * per_x); };
      for (Index n = 0; n < channels.N; ++n) {
        const Index first = (n * C + c) * P;
        for (Index i = 0, out = (n * C + c) * out_P; i < out_h; ++i, out += out_w) {
          const Index top = first + 2 * i * W, bottom = top + W;
          backward_row(x.value + top, x.value + bottom, out_w, z, y.value + out, y.grad + out, largest + out, mean_dz,
                       per_x, x.grad + top, x.grad + bottom);
          if (W % 2) outside(top + W - 1), outside(bottom + W - 1);
        }
        for (Index k = first + 2 * out_h * W; k < first + P; ++k) outside(k);
      }
    });
  });
  return y;
}

}  // namespace l2l
