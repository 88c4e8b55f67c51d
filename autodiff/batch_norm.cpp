#include <cmath>

#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

/// x as [N, C, P]: P pixels, or 1 for a matrix.
struct Channels {
  Index N, C, P;

  Channels(const Shape& x, const Shape& gain, const Shape& bias) {
    if ((x.rank() != 2 && x.rank() != 4) || gain != Shape{x[1]} || bias != Shape{x[1]}) {
      throw Error("batch_norm: x ", x, ", gain ", gain, " and bias ", bias,
                  " do not fit; [NxCxHxW] or [NxC], [C] and [C] would");
    }
    N = x[0], C = x[1], P = x.rank() == 4 ? Index(x[2]) * x[3] : 1;
  }

  /// visit(element) for each element of channel c.
  template <class Visit>
  void each(Index c, Visit visit) const {
    for (Index n = 0; n < N; ++n) {
      for (Index p = 0; p < P; ++p) visit((n * C + c) * P + p);
    }
  }
};

}  // namespace

// Over the M = N·P elements of a channel, with x̂ = (x - mean) / σ and σ = √(variance + ε):
//   y = gain x̂ + bias
//   ∂L/∂gain = Σ dy x̂,   ∂L/∂bias = Σ dy,   ∂L/∂x = gain/σ (dy - mean(dy) - x̂ mean(dy x̂))
Var batch_norm(Var x, Var gain, Var bias, double eps) {
  const Channels channels(x.shape, gain.shape, bias.shape);
  const double M = static_cast<double>(channels.N * channels.P);
  if (M == 0) throw Error("batch_norm: x ", x.shape, " has nothing to take a mean of");
  Var y = Tape::output("batch_norm", x.shape, {x, gain, bias});
  Real* const mean = y.tape->scratch(channels.C);
  Real* const scale = y.tape->scratch(channels.C);  // 1/σ
  for (Index c = 0; c < channels.C; ++c) {
    double sum = 0, squares = 0;
    channels.each(c, [&](Index k) { sum += x.value[k]; });
    const double m = sum / M;
    channels.each(c, [&](Index k) { squares += (x.value[k] - m) * (x.value[k] - m); });
    mean[c] = static_cast<Real>(m);
    scale[c] = static_cast<Real>(1 / std::sqrt(squares / M + eps));
    const Real slope = gain.value[c] * scale[c];
    channels.each(c, [=](Index k) { y.value[k] = slope * (x.value[k] - mean[c]) + bias.value[c]; });
  }
  y.tape->record(y, [=] {
    for (Index c = 0; c < channels.C; ++c) {
      double sum = 0, products = 0;
      channels.each(c, [&](Index k) {
        sum += y.grad[k];
        products += y.grad[k] * ((x.value[k] - mean[c]) * scale[c]);
      });
      if (gain.grad) gain.grad[c] += static_cast<Real>(products);
      if (bias.grad) bias.grad[c] += static_cast<Real>(sum);
      if (!x.grad) continue;
      const Real slope = gain.value[c] * scale[c];
      const Real mean_dy = static_cast<Real>(sum / M), per_x = static_cast<Real>(products / M) * scale[c];
      channels.each(c, [=](Index k) { x.grad[k] += slope * (y.grad[k] - mean_dy - (x.value[k] - mean[c]) * per_x); });
    }
  });
  return y;
}

// The same with a mean and variance that do not depend on x:  ∂L/∂x = gain/σ dy
Var batch_norm(Var x, Var gain, Var bias, std::span<const Real> mean, std::span<const Real> variance, double eps) {
  const Channels channels(x.shape, gain.shape, bias.shape);
  if (static_cast<Index>(mean.size()) != channels.C || static_cast<Index>(variance.size()) != channels.C) {
    throw Error("batch_norm: x ", x.shape, " has ", channels.C, " channels, there are ", mean.size(), " means and ",
                variance.size(), " variances");
  }
  Var y = Tape::output("batch_norm", x.shape, {x, gain, bias});
  const std::span<const Real> means = y.tape->copy(mean);
  Real* const scale = y.tape->scratch(channels.C);  // 1/σ
  for (Index c = 0; c < channels.C; ++c) {
    scale[c] = static_cast<Real>(1 / std::sqrt(variance[c] + eps));
    channels.each(c, [=](Index k) { y.value[k] = gain.value[c] * scale[c] * (x.value[k] - means[c]) + bias.value[c]; });
  }
  y.tape->record(y, [=] {
    for (Index c = 0; c < channels.C; ++c) {
      const Real slope = gain.value[c] * scale[c];
      double sum = 0, products = 0;
      channels.each(c, [&](Index k) {
        sum += y.grad[k];
        products += y.grad[k] * ((x.value[k] - means[c]) * scale[c]);
        if (x.grad) x.grad[k] += slope * y.grad[k];
      });
      if (gain.grad) gain.grad[c] += static_cast<Real>(products);
      if (bias.grad) bias.grad[c] += static_cast<Real>(sum);
    }
  });
  return y;
}

}  // namespace l2l
