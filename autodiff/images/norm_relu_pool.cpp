#include "autodiff/kernels/norm_relu_pool.h"

#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "autodiff/kernels/channels.h"
#include "autodiff/kernels/parallel.h"

namespace l2l {

using namespace norm_relu_pool;

// Works channel by channel: a channel fits in the second-level cache, and its normalised and rectified images are never
// stored. With z = gain x̂ + bias, y = max(0, max z) over each window. So dz = ∂L/∂z is dy for the largest z of a window
// if that is positive, and 0 for all others; the rest is batch_norm's derivative:
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
  auto y = Tape::output(kOp, x.shape.with(2, out_h).with(3, out_w), {x, gain, bias});
  Real* const mean = y.tape->scratch(C);
  Real* const scale = y.tape->scratch(C);  // 1/σ
  Real* const largest = y.tape->scratch(y.size());  // element of each window of x
  parallel_for(y.tape->threads(), C, [&](Index c, int) {
    mean[c] = static_cast<Real>(channels.mean(x.value, c));
    scale[c] = static_cast<Real>(1 / channels.deviation(x.value, c, mean[c], eps));
    const Normalisation z = {mean[c], gain.value[c] * scale[c], bias.value[c]};
    for (Index n = 0; n < channels.N; ++n) {
      const Real* image = x.value + (n * C + c) * P;
      for (Index i = 0, out = (n * C + c) * out_P; i < out_h; ++i, out += out_w) {
        forward_row(image + 2 * i * W, image + (2 * i + 1) * W, out_w, z, y.out + out, largest + out);
      }
    }
  });
  y.tape->record(kOp, {x, gain, bias}, y, [=] {
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
