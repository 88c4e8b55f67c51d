#pragma once
#include <memory>

#include "optimizees/neural_art/features.h"

namespace l2l {

/// What the option --features says for the network that comes with the library.
inline constexpr const char* kDefaultFeatures = "small";

/// A feature network for whoever has no VGG-19: the first five convolutions of such a network at half the width, with
/// random filters, as examples/train_features.cpp makes it. It is part of the library, so there is no file to be found.
std::shared_ptr<const Features> default_features(Pooling pooling);

}  // namespace l2l
