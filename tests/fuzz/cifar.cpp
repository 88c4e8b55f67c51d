// Images in CIFAR-10's binary version: read_cifar.
#include "optimizees/data/cifar.h"

#include "tests/fuzz/fuzz.h"

namespace l2l::fuzz {
namespace {

constexpr std::size_t kRecord = 3073;

void read_part(DataPart part) {
  attempt([=] {
    const ImageSet set = read_cifar(folder(), part);
    require(std::ssize(set.pixels) == set.count() * set.pixels_per_image(), "another number of pixels than the sizes'");
    for (const int label : set.labels) require(label < ImageSet::kClasses, "a label that is no class");
  });
}

}  // namespace

/// The file as it is, and filled up to whole records.
void read(std::string_view bytes) {
  put("test_batch.bin", bytes);
  read_part(DataPart::test);
  std::string whole(bytes);
  whole.resize((bytes.size() + kRecord - 1) / kRecord * kRecord, '\5');
  put("data_batch_1.bin", whole);
  put("data_batch_3.bin", whole);
  read_part(DataPart::train);
}

std::vector<std::string> seeds() {
  return {std::string(kRecord, '\1'), std::string(2 * kRecord, '\7'), std::string(kRecord, '\x0a'), ""};
}

}  // namespace l2l::fuzz
