#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autodiff/images/ops.h"
#include "nn/layers.h"

/// Layers for batches of images [N, C, H, W]. Pooling has no parameters: see max_pool2d in autodiff/images/ops.h.
namespace l2l {

/// y = conv2d(x, W, b) with stride 1, and the padding that keeps the size of the image.
/// x: [N, in, H, W], W: [out, in, kernel, kernel] (`name.weight`), b: [out] (`name.bias`), y: [N, out, H, W]
class Conv2d {
 public:
  /// Throws an Error for an even kernel: no padding that is equal on both sides keeps the size.
  Conv2d(Layout& layout, const std::string& name, Index in, Index out, Index kernel, Bias bias = Bias::yes,
         const std::string& group = "conv");

  Var operator()(Var theta, Var x) const;
  /// W and b uniform on ±1/√(in · kernel²), PyTorch's default.
  void init(Rng& rng, std::span<Real> theta) const;

 private:
  Index out_, padding_;
  Parameter weight_;
  std::optional<Parameter> bias_;
};

/// Running mean and variance of every channel: evaluation uses them instead of those of the batch. They are not
/// trained, so they are not in θ.
struct ChannelStatistics {
  std::vector<Real> mean, variance;  // [C]

  explicit ChannelStatistics(Index channels) : mean(channels, Real(0)), variance(channels, Real(1)) {}
  /// A step towards those of the batch x ([N, C, H, W] or [N, C]): s ← (1 - momentum) s + momentum · s(x). The variance
  /// s(x) is the unbiased one (Ioffe & Szegedy 2015, algorithm 2; as in PyTorch). Throws an Error for batches of fewer
  /// than two elements per channel.
  void observe(Var x, double momentum = 0.1);
};

/// Batch normalisation (see batch_norm in autodiff/images/ops.h), with the parameters `name.gain` and `name.bias`, [C].
class BatchNorm {
 public:
  BatchNorm(Layout& layout, const std::string& name, Index channels, const std::string& group);

  /// With mean and variance of the batch: for training.
  Var operator()(Var theta, Var x) const;
  /// With the given ones: for evaluation.
  Var operator()(Var theta, Var x, const ChannelStatistics& statistics) const;
  /// With those of the batch, then ReLU and 2x2 max pooling, in one op (batch_norm_relu_max_pool).
  Var relu_max_pool(Var theta, Var x) const;
  /// Puts the normalisation into the convolution before it, whose parameters these are: then it gives what the
  /// normalisation of its output, with these statistics, gave.
  ///     weight ← (gain/σ) weight,   bias ← (gain/σ) (bias - mean) + the normalisation's bias,   σ = √(variance + eps)
  void fold(std::span<Real> theta, const ChannelStatistics& statistics, const Parameter& convolution_weight,
            const Parameter& convolution_bias) const;
  /// Gain 1 and bias 0: normalisation alone.
  void init(std::span<Real> theta) const;

 private:
  Parameter gain_, bias_;
};

}  // namespace l2l
