#pragma once
#include <span>

#include "optimizees/neural_art/style_loss.h"
#include "optimizees/registry.h"

namespace l2l {

/// The loss that options of the optimizee `neural_art` describe (its features, weights and layers), without a content
/// and a style yet.
StyleLoss make_style_loss(const OptionValues& options);

/// θ is a picture [3, H, W] in units in which the optimizers start at deviations of about 1: RGB = 1/2 + θ/4.
Var to_rgb(Var theta, Index height, Index width);  ///< [1, 3, H, W]
Picture to_rgb(std::span<const Real> theta, Index height, Index width);

}  // namespace l2l
