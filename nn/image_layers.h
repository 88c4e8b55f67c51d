#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autodiff/images/ops.h"
#include "nn/layers.h"

/// Layers for batches of images [N, C, H, W]. Pooling has no parameters: see max_pool2d in autodiff/ops.h.
namespace l2l {

/// y = conv2d(x, W, b) with stride 1, and as many zeros around the image as keep its size.
/// x: [N, in, H, W], W: [out, in, kernel, kernel] (`name.weight`), b: [out] (`name.bias`), y: [N, out, H, W]
class Conv2d {
 public:
  /// An Error for an even kernel: no padding that is equal on both sides keeps the size.
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

/// Mean and variance of every channel, averaged over batches: what stands in for those of the batch when a trained
/// network is used. They are no parameters (nothing descends along them), so they are not in θ.
struct ChannelStatistics {
  std::vector<Real> mean, variance;  // [C]

  explicit ChannelStatistics(Index channels) : mean(channels, Real(0)), variance(channels, Real(1)) {}
  /// A step towards those of the batch x ([N, C, H, W] or [N, C]): s ← (1 - momentum) s + momentum · s(x). The variance
  /// is the unbiased estimate, divided by the number of elements less one (Ioffe & Szegedy 2015, algorithm 2; PyTorch
  /// does the same). An Error for batches of fewer than two elements a channel.
  void observe(Var x, double momentum = 0.1);
};

/// Batch normalisation (see batch_norm in autodiff/ops.h) with parameters of its own: `name.gain` and `name.bias`, [C].
class BatchNorm {
 public:
  BatchNorm(Layout& layout, const std::string& name, Index channels, const std::string& group);

  /// With mean and variance of the batch itself.
  Var operator()(Var theta, Var x) const;
  /// With those given: for evaluation.
  Var operator()(Var theta, Var x, const ChannelStatistics& statistics) const;
  /// With those of the batch, then rectified, and the maximum of each 2x2 pixels: one op (batch_norm_relu_max_pool).
  Var relu_max_pool(Var theta, Var x) const;
  /// Gain 1 and bias 0: the layer begins as the normalisation alone.
  void init(std::span<Real> theta) const;

 private:
  Parameter gain_, bias_;
};

}  // namespace l2l
