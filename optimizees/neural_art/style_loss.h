#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autodiff/ops.h"
#include "optimizees/data/picture.h"
#include "optimizees/neural_art/features.h"

namespace l2l {

struct StyleLossConfig {
  double content_weight = 1, style_weight = 4, smoothness_weight = 30, range_weight = 20;  // α, β, γ, δ
  std::string content_layer = "relu2_1";
  std::vector<std::string> style_layers = {"relu1_1", "relu2_1", "relu3_1"};
  Index scales = 3;  // K
};

/// A picture that counts more or less than others.
struct WeightedPicture {
  Picture picture;
  double weight;  // above 0; only ratios count
};

/// The loss of neural style transfer (Gatys, Ecker & Bethge 2015, eqs. 1 to 7), and the two parts of L_reg, of which
/// Andrychowicz et al. 2016, section 3.4, have the first:
///
///     f(x) = α L_content(x) + β L_style(x) + γ L_smooth(x) + δ L_range(x)
///
/// With F_l(x_k) [C, P] the features at layer l (C channels, P pixels) of picture x halved k times (means of 2x2), c
/// the content and s the style,
///
///     L_content = mean over k < K of ‖F_l(x_k) - F_l(c_k)‖² / ‖F_l(c_k)‖²               at one layer
///     L_style   = mean over k < K and layers of (e(μ_l(x_k), μ_l(s_k)) + e(Σ_l(x_k), Σ_l(s_k))) / 2
///     L_smooth  = mean over neighbours, side by side and one above the other, of their squared differences
///     L_range   = mean over all numbers of the squared distance from [0, 1], outside of which colours are clipped
///
/// where μ_l and Σ_l are the mean [C] and the covariance [C, C] of the features over pixels, and e(a, b) = ‖a -
/// b‖²/‖b‖².
///
/// It deviates from Gatys et al. in three ways. They divide by the sizes of layers only; dividing by the size of what
/// is to be matched as well makes every term a relative error, so that the same weights serve networks of any width,
/// and styles and contents of any contrast. Their Gram matrix F Fᵀ / P = Σ + μ μᵀ is nearly all mean, since features
/// are never negative; apart, textures count as much as colours. And halved pictures show a small network textures and
/// shapes 2^k times as wide (Snelgrove 2017, "High-resolution multi-scale neural texture synthesis"). Pictures may
/// differ in size.
class StyleLoss {
 public:
  StyleLoss(std::shared_ptr<const Features> features, const StyleLossConfig& config);

  /// Computes what the terms compare with: once per picture. Pictures must not be too small for the network, which is
  /// an Error that says how large they must be.
  void set_content(const Picture& content);
  void set_style(const Picture& style);
  /// Several styles: the means and covariances to be matched are the weighted means of theirs. With the content among
  /// them, the style is so much weaker: where it is alone, the content itself has loss 0 but for its own roughness.
  void set_styles(std::span<const WeightedPicture> styles);

  /// Height and width that a picture must have at least.
  Index smallest_picture() const { return smallest_picture(depth_); }

  /// The four terms as scalars on `tape`, unweighted, and f.
  struct Terms {
    Var content, style, smoothness, range, total;
  };
  /// x: [1, 3, H, W], RGB, 0 to 1 but for what the search oversteps; of the content's size.
  Terms operator()(Tape& tape, Var x);

 private:
  /// What the features of a picture are compared with.
  struct Target {
    std::vector<Real> values;
    Shape shape;
    double scale = 1;  // of the squared distance

    explicit Target(Var x) : values(x.values().begin(), x.values().end()), shape(x.shape) {}
    /// values ← values + share · (x - values)
    void blend(Var x, double share);
    /// scale = 1 / ‖values‖², but at most 1 / least.
    void find_scale(double least);
  };
  struct Statistics {
    Target mean, covariance;
  };

  Index smallest_picture(Index depth) const;
  /// visit(k) for each scale of x, with its features in activations_.
  void for_each_scale(Tape& tape, Var x, Index depth, const std::function<void(Index k)>& visit);
  static Var relative_error(Tape& tape, Var x, const Target& target);

  std::shared_ptr<const Features> features_;
  StyleLossConfig config_;
  Index content_layer_;
  std::vector<Index> style_layers_;
  Index depth_;  // convolutions that are needed
  std::vector<Target> content_;  // of each scale
  std::vector<Statistics> style_;  // of each scale and layer
  std::vector<Var> activations_;
};

}  // namespace l2l
