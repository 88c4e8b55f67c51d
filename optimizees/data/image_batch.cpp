#include "optimizees/data/image_batch.h"

namespace l2l {

Var image_batch(Tape& tape, const ImageSet& set, std::span<const Index> numbers) {
  const Index n = set.pixels_per_image(), rows = static_cast<Index>(numbers.size());
  Real* value = tape.scratch(rows * n);
  for (Index r = 0; r < rows; ++r) {
    const std::uint8_t* image = set.pixels.data() + numbers[r] * n;
    for (Index k = 0; k < n; ++k) value[r * n + k] = static_cast<Real>(image[k]) / 255;
  }
  return tape.leaf({rows, n}, value);
}

}  // namespace l2l
