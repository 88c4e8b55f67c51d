#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/types.h"

namespace l2l {

/// Images of one size, each with a class. Pixels stay bytes, as in the file: 47 MB for Fashion-MNIST, 154 MB for
/// CIFAR-10. As float they would take four times as much.
struct ImageSet {
  static constexpr int kClasses = 10;

  Index channels = 1, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // [count, channels, height, width], 0 … 255
  std::vector<std::uint8_t> labels;  // [count], 0 … kClasses - 1

  Index count() const { return static_cast<Index>(labels.size()); }
  Index pixels_per_image() const { return channels * height * width; }
};

/// The parts that a data set's files come in.
enum class DataPart { train, test };

}  // namespace l2l
