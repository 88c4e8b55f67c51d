#include <cmath>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "autodiff/kernels/channels.h"
#include "autodiff/kernels/parallel.h"

namespace l2l {
namespace {

/// Sums over a channel, with x̂ = (x - mean) scale. The gradients need them.
struct Sums {
  double dy, dy_x;  // Σ dy, Σ dy x̂
};
Sums sums_of(const Channels& channels, Index c, const Real* x, const Real* dy, Real mean, Real scale) {
  const Index P = channels.P;
  Sums sums;
  sums.dy = channels.sum(c, [=](Index first) { return simd::sum(dy + first, P); });
  sums.dy_x = channels.sum(c, [=](Index first) {
    Real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index k = first; k < first + P; ++k) sum += dy[k] * ((x[k] - mean) * scale);
    return sum;
  });
  return sums;
}

/// y = slope (x - mean) + bias
void normalise(const Channels& channels, Index c, const Real* x, Real mean, Real slope, Real bias, Real* y) {
  for (Index n = 0; n < channels.N; ++n) {
    const Index first = (n * channels.C + c) * channels.P;
    for (Index k = first; k < first + channels.P; ++k) y[k] = slope * (x[k] - mean) + bias;
  }
}

}  // namespace

// Over the M = N·P elements of a channel, with x̂ = (x - mean) / σ and σ = √(variance + ε):
//   y = gain x̂ + bias
//   ∂L/∂gain = Σ dy x̂,   ∂L/∂bias = Σ dy,   ∂L/∂x = gain/σ (dy - mean(dy) - x̂ mean(dy x̂))
Var batch_norm(Var x, Var gain, Var bias, double eps) {
  const Channels channels("batch_norm", x.shape, gain.shape, bias.shape);
  if (channels.elements() == 0) throw Error("batch_norm: x ", x.shape, " has nothing to take a mean of");
  auto y = Tape::output("batch_norm", x.shape, {x, gain, bias});
  Real* const mean = y.tape->scratch(channels.C);
  Real* const scale = y.tape->scratch(channels.C);  // 1/σ
  parallel_for(y.tape->threads(), channels.C, [&](Index c, int) {
    mean[c] = static_cast<Real>(channels.mean(x.value, c));
    scale[c] = static_cast<Real>(1 / channels.deviation(x.value, c, mean[c], eps));
    normalise(channels, c, x.value, mean[c], gain.value[c] * scale[c], bias.value[c], y.out);
  });
  y.tape->record("batch_norm", {x, gain, bias}, y, [=] {
    parallel_for(y.tape->threads(), channels.C, [=](Index c, int) {
      const Sums sums = sums_of(channels, c, x.value, y.grad, mean[c], scale[c]);
      if (gain.grad) gain.grad[c] += static_cast<Real>(sums.dy_x);
      if (bias.grad) bias.grad[c] += static_cast<Real>(sums.dy);
      if (!x.grad) return;
      const double M = static_cast<double>(channels.elements());
      const Real slope = gain.value[c] * scale[c], m = mean[c];
      const Real mean_dy = static_cast<Real>(sums.dy / M), per_x = static_cast<Real>(sums.dy_x / M) * scale[c];
      for (Index n = 0; n < channels.N; ++n) {
        const Index first = (n * channels.C + c) * channels.P;
        for (Index k = first; k < first + channels.P; ++k) {
          x.grad[k] += slope * (y.grad[k] - mean_dy - (x.value[k] - m) * per_x);
        }
      }
    });
  });
  return y;
}

// The same, but mean and variance are constants:  ∂L/∂x = gain/σ dy
Var batch_norm(Var x, Var gain, Var bias, std::span<const Real> mean, std::span<const Real> variance, double eps) {
  const Channels channels("batch_norm", x.shape, gain.shape, bias.shape);
  if (static_cast<Index>(mean.size()) != channels.C || static_cast<Index>(variance.size()) != channels.C) {
    throw Error("batch_norm: x ", x.shape, " has ", channels.C, " channels, there are ", mean.size(), " means and ",
                variance.size(), " variances");
  }
  auto y = Tape::output("batch_norm", x.shape, {x, gain, bias});
  const std::span<const Real> means = y.tape->copy(mean);
  Real* const scale = y.tape->scratch(channels.C);  // 1/σ
  for (Index c = 0; c < channels.C; ++c) scale[c] = static_cast<Real>(1 / std::sqrt(variance[c] + eps));
  parallel_for(y.tape->threads(), channels.C, [&](Index c, int) {
    normalise(channels, c, x.value, means[c], gain.value[c] * scale[c], bias.value[c], y.out);
  });
  y.tape->record("batch_norm", {x, gain, bias}, y, [=] {
    parallel_for(y.tape->threads(), channels.C, [=](Index c, int) {
      const Sums sums = sums_of(channels, c, x.value, y.grad, means[c], scale[c]);
      if (gain.grad) gain.grad[c] += static_cast<Real>(sums.dy_x);
      if (bias.grad) bias.grad[c] += static_cast<Real>(sums.dy);
      if (!x.grad) return;
      const Real slope = gain.value[c] * scale[c];
      for (Index n = 0; n < channels.N; ++n) {
        const Index first = (n * channels.C + c) * channels.P;
        for (Index k = first; k < first + channels.P; ++k) x.grad[k] += slope * y.grad[k];
      }
    });
  });
  return y;
}

}  // namespace l2l
