#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "optimizees/data/idx.h"
#include "tests/fuzz/fuzz.h"

namespace l2l::fuzz {

/// A data set is two files, and an input holds both: a byte with the size of the file of labels, the images, the
/// labels. So the images may grow.
struct IdxInput {
  std::string_view images, labels;

  explicit IdxInput(std::string_view bytes) {
    if (bytes.empty()) return;
    const std::size_t size = std::min<std::size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
    images = bytes.substr(1, bytes.size() - 1 - size);
    labels = bytes.substr(bytes.size() - size);
  }
};

inline std::string idx_input(const std::string& images, const std::string& labels) {
  return static_cast<char>(labels.size()) + images + labels;
}

/// Two images of 2x3 pixels, and their labels.
inline const std::string kIdxImages("\0\0\x8\x3\0\0\0\x2\0\0\0\x2\0\0\0\3ABCDEFabcdef", 28);
inline const std::string kIdxLabels("\0\0\x8\x1\0\0\0\x2\x5\x9", 10);

inline void read_idx_part(DataPart part) {
  attempt([=] {
    const ImageSet set = read_idx(folder(), part);
    require(std::ssize(set.pixels) == set.count() * set.pixels_per_image(), "another number of pixels than the sizes'");
    for (const int label : set.labels) require(label < ImageSet::kClasses, "a label that is no class");
  });
}

}  // namespace l2l::fuzz
