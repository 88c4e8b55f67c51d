#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/types.h"

namespace l2l {

/// Images of one size, each with a class. Pixels stay the bytes they were in the file: Fashion-MNIST takes 47 MB so,
/// CIFAR-10 154, and four times that as float.
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
