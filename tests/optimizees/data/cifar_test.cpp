#include "optimizees/data/cifar.h"

#include <algorithm>
#include <array>
#include <set>

#include "autodiff/error.h"
#include "optimizees/data/image_batch.h"
#include "tests/optimizees/cifar_folder.h"

namespace l2l::cifar_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string message_of(const CifarFolder& folder, DataPart part = DataPart::train) {
  try {
    read_cifar(folder.path, part);
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

}  // namespace

TEST_CASE("read_cifar reads labels, and red, green and blue planes") {
  CifarFolder folder;
  folder.write("test_batch.bin", CifarFolder::record(3, 10) + CifarFolder::record(9, 250));
  const ImageSet set = read_cifar(folder.path, DataPart::test);
  CHECK(set.count() == 2);
  CHECK(set.channels == 3);
  CHECK(set.height == 32);
  CHECK(set.width == 32);
  CHECK(set.labels == std::vector<std::uint8_t>{3, 9});
  REQUIRE(set.pixels.size() == 2 * 3072);
  CHECK(int(set.pixels[0]) == 10);
  CHECK(int(set.pixels[1023]) == 10);
  CHECK(int(set.pixels[1024]) == 11);
  CHECK(int(set.pixels[3071]) == 12);
  CHECK(int(set.pixels.back()) == 252);

  Tape tape;
  const std::vector<Index> numbers = {1, 0};
  const Var images = image_batch(tape, set, numbers);
  CHECK(images.shape == Shape{2, 3072});
  CHECK(images.values()[0] == Approx(250. / 255));
  CHECK(images.values()[3072 + 2048] == Approx(12. / 255));
}

TEST_CASE("augmented: images are mirrored and moved, edges are repeated, and labels stay") {
  constexpr Index kSide = 6, kImages = 400, kShift = 2;
  ImageSet set{.channels = 2, .height = kSide, .width = kSide, .pixels = {}, .labels = {}};
  for (Index n = 0; n < kImages; ++n) {
    set.labels.push_back(static_cast<std::uint8_t>(n % 10));
    for (Index k = 0; k < 2 * kSide * kSide; ++k) set.pixels.push_back(static_cast<std::uint8_t>(k));
  }
  Rng rng(5);
  const ImageSet result = augmented(set, rng, kShift);
  CHECK(result.labels == set.labels);
  REQUIRE(result.pixels.size() == set.pixels.size());
  // Which mirror and shift make image n? Each of the 2 · 5 · 5 does for some.
  std::set<std::array<Index, 3>> seen;
  for (Index n = 0; n < kImages; ++n) {
    int fitting = 0;
    for (Index mirror = 0; mirror < 2; ++mirror) {
      for (Index down = -kShift; down <= kShift; ++down) {
        for (Index right = -kShift; right <= kShift; ++right) {
          bool fits = true;
          for (Index k = 0; k < 2 * kSide * kSide; ++k) {
            const Index i = k / kSide % kSide, j = k % kSide;
            const Index y = std::clamp<Index>(i - down, 0, kSide - 1), x = std::clamp<Index>(j - right, 0, kSide - 1);
            const Index from = k / (kSide * kSide) * kSide * kSide + y * kSide + (mirror ? kSide - 1 - x : x);
            fits &= result.pixels[n * 2 * kSide * kSide + k] == from;
          }
          if (!fits) continue;
          ++fitting;
          seen.insert({mirror, down, right});
        }
      }
    }
    CHECK(fitting == 1);
  }
  CHECK(seen.size() == 50);  // one of 50 misses 400 images in 50 (49/50)^400 = 1.5% of all seeds
}

TEST_CASE("read_cifar takes the training files that are there, in their order") {
  CifarFolder folder;
  folder.write("data_batch_5.bin", CifarFolder::record(5, 50));
  folder.write("data_batch_2.bin", CifarFolder::record(2, 20) + CifarFolder::record(1, 21));
  folder.write("data_batch_6.bin", CifarFolder::record(6, 60));  // there is no such file in CIFAR-10
  folder.write("test_batch.bin", CifarFolder::record(7, 70));
  const ImageSet set = read_cifar(folder.path, DataPart::train);
  CHECK(set.labels == std::vector<std::uint8_t>{2, 1, 5});
  CHECK(int(set.pixels[2 * 3072]) == 50);
  CHECK(read_cifar(folder.path, DataPart::test).labels == std::vector<std::uint8_t>{7});
}

TEST_CASE("A damaged file of CIFAR-10 is refused, with its name and a remedy") {
  const std::string good = CifarFolder::record(1, 1) + CifarFolder::record(2, 2);
  struct Damage {
    std::string what, content, message;
  };
  const std::vector<Damage> table = {
      {"empty", "", "0 bytes are not a whole number of images of 3073 bytes"},
      {"only a label", std::string(1, '\3'), "1 bytes are not"},
      {"cut in the pixels", good.substr(0, good.size() - 1), "6145 bytes are not"},
      {"a byte after the last image", good + '\0', "6147 bytes are not"},
      {"CIFAR-100's records, with two labels", std::string(1, '\0') + CifarFolder::record(1, 1), "3074 bytes are not"},
      {"no such class", good + CifarFolder::record(10, 1), "label 2 is 10, it must be 0 to 9"},
      {"not labels at all", std::string(2 * 3073, 'x'), "label 0 is 120"},
  };
  for (const Damage& damage : table) {
    INFO(damage.what);
    CifarFolder folder;
    folder.write("data_batch_1.bin", good);
    folder.write("data_batch_3.bin", damage.content);
    const std::string message = message_of(folder);
    CHECK_THAT(message, ContainsSubstring("data_batch_3.bin: ") && ContainsSubstring(damage.message) &&
                            ContainsSubstring("option data"));
    CHECK(message.find('\n') == std::string::npos);
  }
}

TEST_CASE("A giant file of CIFAR-10 is refused before memory is asked for") {
  CifarFolder folder;
  folder.write("data_batch_1.bin", "");
  std::filesystem::resize_file(folder.path / "data_batch_1.bin", 3073ull * 1'000'001);  // a hole: it takes no room
  CHECK_THAT(message_of(folder), ContainsSubstring("data_batch_1.bin: 1000001 images are more than the 1000000"));
}

TEST_CASE("Files of CIFAR-10 that are missing, or are not files, are named") {
  CifarFolder folder;
  CHECK_THAT(message_of(folder), ContainsSubstring(folder.path.string() + ": holds no file data_batch_1.bin (to 5)") &&
                                     ContainsSubstring("cifar-10-batches-bin") && ContainsSubstring("option data"));
  CHECK_THAT(message_of(folder, DataPart::test), ContainsSubstring("holds no file test_batch.bin;"));
  std::filesystem::create_directory(folder.path / "test_batch.bin");
  CHECK_THAT(message_of(folder, DataPart::test),
             ContainsSubstring("test_batch.bin: cannot be read: not a regular file"));
  make_pipe(folder.path / "data_batch_1.bin");
  CHECK_THAT(message_of(folder), ContainsSubstring("data_batch_1.bin: cannot be read: not a regular file;"));
}

}  // namespace l2l::cifar_test
