#include "optimizees/data/image_batch.h"

#include <algorithm>

namespace l2l {

Var image_batch(Tape& tape, const ImageSet& set, std::span<const Index> numbers) {
  const Index n = set.pixels_per_image(), rows = static_cast<Index>(numbers.size());
  Real* value = tape.scratch(rows * n);
  const auto image_at = [&](Index r) { return set.pixels.data() + numbers[r] * n; };
  for (Index r = 0; r < rows; ++r) {
    const std::uint8_t* image = image_at(r);
    // The images of a minibatch are far apart: without that, each would be waited for.
    if (constexpr Index kAhead = 2; r + kAhead < rows) {
      for (Index k = 0; k < n; k += 64) __builtin_prefetch(image_at(r + kAhead) + k);
    }
    for (Index k = 0; k < n; ++k) value[r * n + k] = static_cast<Real>(image[k]) / 255;
  }
  return tape.leaf({rows, n}, value);
}

ImageSet augmented(const ImageSet& set, Rng& rng, Index shift) {
  ImageSet result = set;
  const Index H = set.height, W = set.width;
  for (Index n = 0; n < set.count(); ++n) {
    const bool mirror = rng.below(2) == 1;
    const Index down = rng.below(2 * shift + 1) - shift, right = rng.below(2 * shift + 1) - shift;
    for (Index row = 0; row < set.channels * H; ++row) {
      const Index image_row = n * set.channels * H + row, i = row % H;
      const std::uint8_t* const from = set.pixels.data() + (image_row - i + std::clamp<Index>(i - down, 0, H - 1)) * W;
      std::uint8_t* const to = result.pixels.data() + image_row * W;
      for (Index j = 0; j < W; ++j) {
        const Index moved = std::clamp<Index>(j - right, 0, W - 1);
        to[j] = from[mirror ? W - 1 - moved : moved];
      }
    }
  }
  return result;
}

}  // namespace l2l
