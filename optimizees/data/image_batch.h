#pragma once
#include <span>

#include "autodiff/tape.h"
#include "optimizees/data/image_set.h"

namespace l2l {

/// The images with the given numbers as a constant, with pixels in [0, 1]: [numbers.size(), pixels_per_image()]
Var image_batch(Tape& tape, const ImageSet& set, std::span<const Index> numbers);

}  // namespace l2l
