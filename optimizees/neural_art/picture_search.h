#pragma once
#include "optim/function.h"
#include "optimizees/neural_art/style_loss.h"

namespace l2l {

/// θ is a picture [3, H, W] in units in which the optimizers start at deviations of about 1: RGB = 1/2 + θ/4.
Var to_rgb(Var theta, Index height, Index width);  ///< [1, 3, H, W]
Picture to_rgb(std::span<const Real> theta, Index height, Index width);

/// The search for the picture with the shapes of a content and the style of another picture: f is StyleLoss, summed
/// over pixels. It begins with noise, or with another picture.
class PictureSearch : public Function {
 public:
  /// `loss` knows its style. `content` has the size of θ. `init`: the deviation of the noise, in units of θ.
  PictureSearch(StyleLoss loss, const Picture& content, double init);
  /// Begins with the picture `start`, enlarged to the content's size.
  PictureSearch(StyleLoss loss, const Picture& content, const Picture& start);

  Index height() const { return height_; }
  Index width() const { return width_; }
  /// The parts of f at θ, per pixel.
  StyleLoss::Terms terms(Tape& tape, Var theta);

  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override;
  Var loss(Tape& tape, Var theta) override;
  /// A sum over pixels that is reported per pixel: so the gradient of a pixel does not shrink as pictures grow, and an
  /// optimizer sees the same at 128x128 as at 64x64.
  Index functions() const override { return height_ * width_; }

 private:
  StyleLoss loss_;
  Index height_, width_;
  double init_ = 0;
  std::vector<Real> start_;  // θ_0; empty: noise
  Layout layout_;
};

}  // namespace l2l
