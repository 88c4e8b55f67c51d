#include "nn/image_layers.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"

namespace l2l {

Conv2d::Conv2d(Layout& layout, const std::string& name, Index in, Index out, Index kernel, Bias bias,
               const std::string& group)
    : out_(out),
      padding_(kernel / 2),
      weight_(layout.add(name + ".weight", {out, in, kernel, kernel}, group, Parameter::Kind::linear_map)) {
  if (kernel % 2 == 0) throw Error("Conv2d '", name, "': kernel is ", kernel, ", it must be odd");
  if (bias == Bias::yes) bias_ = layout.add(name + ".bias", {out}, group);
}

Var Conv2d::operator()(Var theta, Var x) const {
  const Var bias = bias_ ? bias_->in(theta) : theta.tape->constant({out_}, Real(0));
  return conv2d(x, weight_.in(theta), bias, 1, padding_);
}

void Conv2d::init(Rng& rng, std::span<Real> theta) const {
  const Index fan_in = weight_.shape.size() / std::max<Index>(1, out_);
  const double bound = fan_in ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  rng.fill_uniform(weight_.in(theta), -bound, bound);
  if (bias_) rng.fill_uniform(bias_->in(theta), -bound, bound);
}

void ChannelStatistics::observe(Var x, double momentum) {
  const Index C = static_cast<Index>(mean.size());
  if ((x.shape.rank() != 2 && x.shape.rank() != 4) || x.shape[1] != C) {
    throw Error("ChannelStatistics: x ", x.shape, " does not fit; [NxCxHxW] or [NxC] with C = ", C, " would");
  }
  const Index N = x.shape[0], P = x.shape.rank() == 4 ? Index(x.shape[2]) * x.shape[3] : 1, M = N * P;
  if (M < 2) throw Error("ChannelStatistics: x ", x.shape, " has ", M, " elements a channel, a variance needs 2");
  const auto step = [=](Real& s, double seen) { s += static_cast<Real>(momentum * (seen - s)); };
  for (Index c = 0; c < C; ++c) {
    const auto sum_of = [&](auto f) {
      double sum = 0;
      for (Index n = 0; n < N; ++n) {
        const Real* pixels = x.value + (n * C + c) * P;
        for (Index p = 0; p < P; ++p) sum += f(static_cast<double>(pixels[p]));
      }
      return sum;
    };
    const double m = sum_of([](double v) { return v; }) / static_cast<double>(M);
    step(mean[c], m);
    step(variance[c], sum_of([m](double v) { return (v - m) * (v - m); }) / static_cast<double>(M - 1));
  }
}

BatchNorm::BatchNorm(Layout& layout, const std::string& name, Index channels, const std::string& group)
    : gain_(layout.add(name + ".gain", {channels}, group)), bias_(layout.add(name + ".bias", {channels}, group)) {}

Var BatchNorm::operator()(Var theta, Var x) const { return batch_norm(x, gain_.in(theta), bias_.in(theta)); }

Var BatchNorm::operator()(Var theta, Var x, const ChannelStatistics& statistics) const {
  return batch_norm(x, gain_.in(theta), bias_.in(theta), statistics.mean, statistics.variance);
}

Var BatchNorm::relu_max_pool(Var theta, Var x) const {
  return batch_norm_relu_max_pool(x, gain_.in(theta), bias_.in(theta));
}

void BatchNorm::fold(std::span<Real> theta, const ChannelStatistics& statistics, const Parameter& convolution_weight,
                     const Parameter& convolution_bias) const {
  const std::span<Real> weight = convolution_weight.in(theta), bias = convolution_bias.in(theta);
  const Index channels = convolution_weight.rows(), columns = convolution_weight.columns();
  if (gain_.shape != Shape{channels} || convolution_bias.shape != gain_.shape) {
    throw Error("BatchNorm: ", gain_.shape, " channels cannot be folded into a convolution of weight ",
                convolution_weight.shape, " and bias ", convolution_bias.shape);
  }
  for (Index c = 0; c < channels; ++c) {
    const double scale = gain_.in(theta)[c] / std::sqrt(statistics.variance[c] + kBatchNormEpsilon);
    for (Real& w : weight.subspan(c * columns, columns)) w = static_cast<Real>(scale * w);
    bias[c] = static_cast<Real>(scale * (bias[c] - statistics.mean[c]) + bias_.in(theta)[c]);
  }
}

void BatchNorm::init(std::span<Real> theta) const {
  std::ranges::fill(gain_.in(theta), Real(1));
  std::ranges::fill(bias_.in(theta), Real(0));
}

}  // namespace l2l
