#pragma once
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "nn/layout.h"
#include "nn/random.h"

namespace l2l {

enum class Pooling { max, average };
/// "max" or "average"; a UsageError for anything else.
Pooling parse_pooling(std::string_view name);

/// The convolutional part of a VGG network (Simonyan & Zisserman 2015, table 1): blocks of 3x3 convolutions, each
/// followed by a rectifier, and before every block but the first a 2x2 pooling that halves the picture. Its
/// activations describe a picture: edges and colours first, then textures, then parts of things.
///
/// Parameters have the names of torchvision and timm, "features.K.weight" [out, in, 3, 3] and "features.K.bias" [out],
/// where K counts convolutions, rectifiers and poolings. Layers have Gatys's: "relu3_2" is the rectified second
/// convolution of the third block.
class FeatureNetwork {
 public:
  /// Output channels of each convolution, block by block.
  using Blocks = std::vector<std::vector<Index>>;

  FeatureNetwork(const Blocks& blocks, Pooling pooling);
  static Blocks vgg19();

  const Layout& layout() const { return layout_; }
  /// How many convolutions there are, and which of them "relu3_2" is, counted from 0; an Error lists the layers.
  Index depth() const { return static_cast<Index>(convolutions_.size()); }
  Index find(std::string_view layer) const;
  /// Output channels of convolution k.
  Index channels(Index k) const { return convolutions_[k].bias.shape[0]; }
  /// Height and width a picture must have at least for the first `depth` convolutions.
  Index smallest_picture(Index depth) const;

  /// Convolution k, counted from 0, without a rectifier behind it, and with what comes before: normalisation of the
  /// colours (k = 0: x is pictures), or pooling; and an edge of one pixel that mirrors the pixels inside. Zeros there,
  /// as VGG has them, would be seen as a dark frame: a flat picture would not have flat features. x: [N, in, H, W]
  Var convolve(Index k, Var weights, Var x) const;
  /// Rectified outputs of the first `depth` convolutions for pictures [N, 3, H, W] of RGB in [0, 1], which are
  /// normalised first: less ImageNet's mean colour, over its deviation. activations[k]: [N, out_k, H_k, W_k]
  void operator()(Var weights, Var pictures, Index depth, std::vector<Var>& activations) const;
  /// Weights Gaussian with variance 2 / fan-in, which keeps the size of activations (He et al. 2015, eq. 10); biases 0.
  void init(Rng& rng, std::span<Real> weights) const;

 private:
  struct Convolution {
    Parameter weight, bias;
    std::string layer;
    bool first_of_block;
  };

  /// What convolution k is applied to, its edges apart: x normalised (k = 0) or pooled, if that is due.
  Var input(Index k, Var x) const;

  Layout layout_;
  std::vector<Convolution> convolutions_;
  Pooling pooling_;
};

/// A feature network and its weights.
struct Features {
  FeatureNetwork network;
  std::vector<Real> weights;

  /// Reads the convolutions of any VGG network without batch normalisation from a safetensors file; their numbers and
  /// shapes say how the blocks are made up. Nothing else in the file is read. An Error names the file and the tensor
  /// that is missing or does not fit.
  static Features load(const std::filesystem::path& path, Pooling pooling);
  /// The same for a file that is in memory, of which an Error speaks as `name`.
  static Features parse(std::string_view content, const std::string& name, Pooling pooling);
  /// Writes the weights in half precision, which is finer than they need.
  void save(const std::filesystem::path& path) const;
};

}  // namespace l2l
