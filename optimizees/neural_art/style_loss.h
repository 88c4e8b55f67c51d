#pragma once
#include <memory>
#include <string>
#include <vector>

#include "autodiff/ops.h"
#include "optimizees/data/picture.h"
#include "optimizees/neural_art/features.h"

namespace l2l {

struct StyleLossConfig {
  double content_weight = 1, style_weight = 2, smoothness_weight = 5, range_weight = 20;  // α, β, γ, δ
  std::string content_layer = "relu2_2";
  std::vector<std::string> style_layers = {"relu1_1", "relu1_2", "relu2_1", "relu2_2"};
};

/// The loss of neural style transfer (Gatys, Ecker & Bethge 2015, eqs. 1 to 7), and the two parts of L_reg, of which
/// Andrychowicz et al. 2016, section 3.4, have the first:
///
///     f(x) = α L_content(x) + β L_style(x) + γ L_smooth(x) + δ L_range(x)
///
/// With F_l(x) [C, P] the features of picture x at layer l (C channels, P pixels), c the content and s the style,
///
///     L_content = ‖F_l(x) - F_l(c)‖² / ‖F_l(c)‖²               at one layer
///     L_style   = mean over layers of ‖G_l(x) - G_l(s)‖² / ‖G_l(s)‖²,     Gram matrices G_l(x) = F_l(x) F_l(x)ᵀ / P
///     L_smooth  = mean over neighbours, side by side and one above the other, of their squared differences
///     L_range   = mean over all numbers of the squared distance from [0, 1], outside of which colours are clipped
///
/// Gatys et al. divide by the sizes of layers only. Dividing by the size of what is to be matched as well makes every
/// term a relative error, so that the same weights serve networks of any width, and styles and contents of any
/// contrast; a blank picture would have 1 or so. Pictures may differ in size.
class StyleLoss {
 public:
  StyleLoss(std::shared_ptr<const Features> features, const StyleLossConfig& config);

  /// Computes what the terms compare with: once per picture. Pictures must not be too small for the network, which is
  /// an Error that says how large they must be.
  void set_content(const Picture& content);
  void set_style(const Picture& style);

  /// The four terms as scalars on `tape`, unweighted, and f.
  struct Terms {
    Var content, style, smoothness, range, total;
  };
  /// x: [1, 3, H, W], RGB, 0 to 1 but for what the search oversteps; of the content's size.
  Terms operator()(Tape& tape, Var x);

 private:
  struct Target {
    std::vector<Real> values;
    Shape shape;
    double scale;  // 1 / ‖values‖²
  };

  void compute_features(Tape& tape, Var x, Index depth);
  static Var relative_error(Tape& tape, Var x, const Target& target);
  Target target_of(Var x) const;

  std::shared_ptr<const Features> features_;
  StyleLossConfig config_;
  Index content_layer_;
  std::vector<Index> style_layers_;
  Index depth_;  // convolutions that are needed
  Target content_;
  std::vector<Target> style_;
  std::vector<Var> activations_;
};

}  // namespace l2l
