#pragma once
#include <memory>

#include "optimizees/neural_art/features.h"

namespace l2l {

/// What the option --features says for the network that comes with the library.
inline constexpr const char* kDefaultFeatures = "small";

/// A feature network for whoever has no VGG-19: seven convolutions of the same kind, which learned to classify CIFAR-10
/// (examples/train_features.cpp). It is part of the library, so there is no file to be found.
std::shared_ptr<const Features> default_features(Pooling pooling);

}  // namespace l2l
