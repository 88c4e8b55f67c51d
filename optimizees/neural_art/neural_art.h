#pragma once
#include "optimizees/neural_art/style_loss.h"
#include "optimizees/registry.h"

namespace l2l {

/// The loss that options of the optimizee `neural_art` describe (its features, weights and layers), without a content
/// and a style yet.
StyleLoss make_style_loss(const OptionValues& options);

}  // namespace l2l
