#pragma once
#include <filesystem>

#include "optimizees/data/image_set.h"

namespace l2l {

/// Reads one part of a data set in the format of MNIST (LeCun, Cortes & Burges 1998): two IDX files in `folder`, named
/// train-images-idx3-ubyte and train-labels-idx1-ubyte, or t10k-… for the test part. The name may have a dot before
/// "idx" and end in .gz. All numbers are 32 bits, big-endian:
///
///     images   0x803, count, height, width, then count · height · width bytes
///     labels   0x801, count, then count bytes
///
/// An Error names the file, the field that is wrong, and what would be right.
ImageSet read_idx(const std::filesystem::path& folder, DataPart part);

}  // namespace l2l
