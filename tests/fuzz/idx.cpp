// Images in the format of MNIST: read_idx.
#include "tests/fuzz/idx_input.h"

namespace l2l::fuzz {

void read(std::string_view bytes) {
  const IdxInput input(bytes);
  put("train-images-idx3-ubyte", input.images);
  put("train-labels-idx1-ubyte", input.labels);
  read_idx_part(DataPart::train);
}

std::vector<std::string> seeds() { return {idx_input(kIdxImages, kIdxLabels)}; }

}  // namespace l2l::fuzz
