#pragma once
#include <filesystem>

#include "optimizees/data/image_set.h"

namespace l2l {

/// Reads one part of CIFAR-10 (Krizhevsky 2009) in its binary version: test_batch.bin, or those of data_batch_1.bin …
/// data_batch_5.bin that are in `folder`, at least one, concatenated. A file is a sequence of records of 3073 bytes:
///
///     label    1 byte, 0 … 9
///     pixels   3072 bytes: 32 rows of 32 pixels in red, then in green, then in blue
///
/// An Error names the file and what would be right.
ImageSet read_cifar(const std::filesystem::path& folder, DataPart part);

}  // namespace l2l
