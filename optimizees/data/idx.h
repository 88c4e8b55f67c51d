#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "autodiff/tape.h"

namespace l2l {

/// Grey images of one size, each with a class. Pixels stay the bytes they were in the file: Fashion-MNIST takes 47 MB
/// so, and four times that as float.
struct ImageSet {
  static constexpr int kClasses = 10;

  Index height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // [count, height, width], 0 … 255
  std::vector<std::uint8_t> labels;  // [count], 0 … kClasses - 1

  Index count() const { return static_cast<Index>(labels.size()); }
  Index pixels_per_image() const { return height * width; }
  /// The images with the given numbers as a constant on `tape`, pixels in [0, 1]: [numbers.size(), pixels_per_image()]
  Var gather(Tape& tape, std::span<const Index> numbers) const;
};

enum class IdxPart { train, test };

/// Reads one part of a data set in the format of MNIST (LeCun, Cortes & Burges 1998): two IDX files in `folder`, named
/// train-images-idx3-ubyte and train-labels-idx1-ubyte, or t10k-… for the test part; also train-images.idx3-ubyte, and
/// each with .gz behind it. All numbers are 32 bits, the most significant byte first:
///
///     images   0x803, count, height, width, then count · height · width bytes
///     labels   0x801, count, then count bytes
///
/// An Error names the file, the field that is wrong, and what would be right.
ImageSet read_idx(const std::filesystem::path& folder, IdxPart part);

}  // namespace l2l
