#pragma once
#include <span>

#include "autodiff/tape.h"
#include "nn/random.h"
#include "optimizees/data/image_set.h"

namespace l2l {

/// The images with the given numbers as a constant, with pixels in [0, 1]: [numbers.size(), pixels_per_image()]
Var image_batch(Tape& tape, const ImageSet& set, std::span<const Index> numbers);

/// The images, each mirrored left to right with probability 1/2 and moved by up to `shift` pixels in each direction;
/// the edge it leaves behind repeats its last row and column.
ImageSet augmented(const ImageSet& set, Rng& rng, Index shift = 4);

}  // namespace l2l
