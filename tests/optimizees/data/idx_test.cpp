#include "optimizees/data/idx.h"

#include "autodiff/error.h"
#include "optimizees/data/image_batch.h"
#include "tests/optimizees/idx_folder.h"

namespace l2l::idx_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kImages = "train-images-idx3-ubyte", kLabels = "train-labels-idx1-ubyte";

std::string message_of(const IdxFolder& folder) {
  try {
    read_idx(folder.path, DataPart::train);
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

/// Noise does not compress, so a cut or a flipped bit of the compressed file falls into the data.
std::string incompressible_images(int count, int height, int width) {
  std::string text = IdxFolder::images(count, height, width);
  unsigned state = 1;
  for (std::size_t k = 16; k < text.size(); ++k) text[k] = static_cast<char>((state = state * 1664525 + 1) >> 24);
  return text;
}

}  // namespace

TEST_CASE("read_idx reads plain and compressed files under both spellings") {
  IdxFolder folder;
  SECTION("plain") {
    folder.write(kImages, IdxFolder::images(12, 2, 3));
    folder.write(kLabels, IdxFolder::labels(12));
  }
  SECTION("compressed") {
    folder.write_gz(kImages + ".gz", IdxFolder::images(12, 2, 3));
    folder.write_gz(kLabels + ".gz", IdxFolder::labels(12));
  }
  SECTION("with a dot, mixed") {
    folder.write("train-images.idx3-ubyte", IdxFolder::images(12, 2, 3));
    folder.write_gz("train-labels.idx1-ubyte.gz", IdxFolder::labels(12));
  }
  const ImageSet set = read_idx(folder.path, DataPart::train);
  CHECK(set.count() == 12);
  CHECK(set.height == 2);
  CHECK(set.width == 3);
  REQUIRE(set.pixels.size() == 72);
  CHECK(set.pixels[0] == 0);
  CHECK(set.pixels[71] == 11);
  CHECK(set.labels[11] == 1);
}

TEST_CASE("read_idx reads images larger than one block of reading") {
  IdxFolder folder;
  folder.write_gz(kImages + ".gz", IdxFolder::images(200, 100, 120));
  folder.write_gz(kLabels + ".gz", IdxFolder::labels(200));
  const ImageSet set = read_idx(folder.path, DataPart::train);
  REQUIRE(set.pixels.size() == 200u * 100 * 120);
  CHECK(set.pixels.back() == 199);
}

TEST_CASE("read_idx reads the test part from its own files") {
  IdxFolder folder;
  folder.write_set(8, 4);
  CHECK(read_idx(folder.path, DataPart::train).count() == 8);
  CHECK(read_idx(folder.path, DataPart::test).count() == 4);
  CHECK(read_idx(folder.path, DataPart::test).pixels[0] == 128);
}

TEST_CASE("A damaged plain file is refused, with its name and the field") {
  const std::string images = IdxFolder::images(12, 2, 3), labels = IdxFolder::labels(12);
  const auto header = [](int magic, unsigned count, unsigned height, unsigned width) {
    return IdxFolder::word(magic) + IdxFolder::word(count) + IdxFolder::word(height) + IdxFolder::word(width);
  };
  std::string label_10 = labels;
  label_10[8 + 7] = 10;

  struct Damage {
    std::string what, images, labels, culprit, message;
  };
  const std::vector<Damage> table = {
      {"images with the magic of labels", IdxFolder::word(0x801) + images.substr(4), labels, kImages, "magic number"},
      {"labels with the magic of images", images, IdxFolder::word(0x803) + labels.substr(4), kLabels, "magic number"},
      {"little endian", std::string("\x03\x08\0\0", 4) + images.substr(4), labels, kImages, "magic number"},
      {"empty images", "", labels, kImages, "header's bytes end after 0 of 4"},
      {"cut in the header", images.substr(0, 10), labels, kImages, "header's bytes end after 2 of 4"},
      {"cut in the pixels", images.substr(0, images.size() - 1), labels, kImages, "pixels end after 71 of 72"},
      {"cut in the labels", images, labels.substr(0, labels.size() - 1), kLabels, "labels end after 11 of 12"},
      {"a byte after the pixels", images + '\0', labels, kImages, "bytes follow"},
      {"a byte after the labels", images, labels + '\0', kLabels, "bytes follow"},
      {"no images", header(0x803, 0, 2, 3), IdxFolder::labels(0), kImages, "number of images is 0"},
      {"no height", header(0x803, 12, 0, 3), labels, kImages, "image height is 0"},
      {"no width", header(0x803, 12, 2, 0), labels, kImages, "image width is 0"},
      {"2^32 - 1 images", header(0x803, -1, 2, 3), labels, kImages, "number of images is 4294967295"},
      {"giant height", header(0x803, 12, 5000, 3), labels, kImages, "image height is 5000"},
      {"giant width", header(0x803, 12, 2, -1), labels, kImages, "image width is 4294967295"},
      {"each in bounds, too many together", header(0x803, 9'000'000, 4000, 4000), labels, kImages, "take more than"},
      {"a gigabyte announced, nothing there", header(0x803, 1 << 20, 32, 32), labels, kImages, "pixels end after 0"},
      {"fewer labels", images, IdxFolder::labels(11), kLabels, "number of labels is 11, but there are 12 images"},
      {"no such class", images, label_10, kLabels,
       "label 7 is 10, and only data of 10 classes, 0 to 9, can be learned"},
  };
  for (const Damage& damage : table) {
    INFO(damage.what);
    IdxFolder folder;
    folder.write(kImages, damage.images);
    folder.write(kLabels, damage.labels);
    const std::string message = message_of(folder);
    CHECK_THAT(message, ContainsSubstring(damage.culprit + ":") && ContainsSubstring(damage.message) &&
                            ContainsSubstring("option data"));
    CHECK(message.find('\n') == std::string::npos);
  }
}

TEST_CASE("A damaged compressed file is refused") {
  const std::string images = incompressible_images(12, 20, 30);
  IdxFolder folder;
  folder.write(kLabels, IdxFolder::labels(12));
  folder.write_gz(kImages + ".gz", images);
  REQUIRE(message_of(folder) == "(no error)");
  std::string good = read_bytes(folder.path / (kImages + ".gz"));

  SECTION("cut in the data") {
    folder.write(kImages + ".gz", good.substr(0, good.size() / 2));
    CHECK_THAT(message_of(folder), ContainsSubstring("cut short"));
  }
  SECTION("cut in the checksum: every pixel is there, and only the checksum is missing") {
    folder.write(kImages + ".gz", good.substr(0, good.size() - 3));
    CHECK_THAT(message_of(folder), ContainsSubstring("cut short"));
  }
  SECTION("a flipped bit in the data") {
    good[good.size() / 2] ^= 1;
    folder.write(kImages + ".gz", good);
    CHECK_THAT(message_of(folder), ContainsSubstring("damaged"));
  }
  SECTION("a flipped bit in the checksum") {
    good[good.size() - 6] ^= 1;
    folder.write(kImages + ".gz", good);
    CHECK_THAT(message_of(folder), ContainsSubstring("damaged"));
  }
  SECTION("bytes after the compressed data") {
    folder.write(kImages + ".gz", good + "garbage");
    CHECK_THAT(message_of(folder), ContainsSubstring("damaged"));
  }
  SECTION("two compressed files, concatenated, are one") {
    folder.write_gz(kImages + ".gz", images.substr(0, 100));
    const std::string first = read_bytes(folder.path / (kImages + ".gz"));
    folder.write_gz(kImages + ".gz", images.substr(100));
    folder.write(kImages + ".gz", first + read_bytes(folder.path / (kImages + ".gz")));
    CHECK(message_of(folder) == "(no error)");
  }
  SECTION("more data than announced") {
    folder.write_gz(kImages + ".gz", images + '\0');
    CHECK_THAT(message_of(folder), ContainsSubstring("bytes follow"));
  }
}

TEST_CASE("A wrong checksum is found even where zlib reads it only after the last pixel") {
  IdxFolder folder;
  folder.write(kLabels, IdxFolder::labels(1));
  // Some of these end after a whole number of zlib's buffers of 8 kB.
  for (int count = 65470; count < 65510; count += 2) {
    folder.write_gz(kImages + ".gz", incompressible_images(count, 1, 1));
    std::string bytes = read_bytes(folder.path / (kImages + ".gz"));
    bytes[bytes.size() - 6] ^= 1;
    folder.write(kImages + ".gz", bytes);
    INFO(bytes.size());
    CHECK_THAT(message_of(folder), ContainsSubstring("damaged"));
  }
}

TEST_CASE("A missing or unreadable file is named, with the remedy") {
  IdxFolder folder;
  CHECK_THAT(message_of(folder), ContainsSubstring(folder.path.string()) && ContainsSubstring(kImages) &&
                                     ContainsSubstring("dataset-fashion-mnist") && ContainsSubstring("option data"));
  folder.write(kImages, IdxFolder::images(12, 2, 3));
  CHECK_THAT(message_of(folder), ContainsSubstring(kLabels) && ContainsSubstring("dataset-fashion-mnist"));
  std::filesystem::create_directory(folder.path / kLabels);
  CHECK_THAT(message_of(folder), ContainsSubstring(kLabels) && ContainsSubstring("not a regular file"));
  std::filesystem::remove(folder.path / kLabels);
  make_pipe(folder.path / kLabels);
  CHECK_THAT(message_of(folder),
             ContainsSubstring(kLabels) && ContainsSubstring("cannot be read: not a regular file;"));
}

TEST_CASE("A file with more classes, such as EMNIST's letters, is not called damaged") {
  IdxFolder folder;
  folder.write(kImages, IdxFolder::images(12, 2, 3));
  std::string letters = IdxFolder::labels(12);
  letters[8 + 3] = 26;
  folder.write(kLabels, letters);
  CHECK_THAT(message_of(folder), ContainsSubstring("label 3 is 26") && !ContainsSubstring("fetch the file anew"));
}

TEST_CASE("A folder named like a file does not hide the file beside it") {
  IdxFolder folder;
  for (const std::string& name : {kImages, kLabels}) std::filesystem::create_directory(folder.path / name);
  folder.write_gz(kImages + ".gz", IdxFolder::images(12, 2, 3));
  folder.write_gz(kLabels + ".gz", IdxFolder::labels(12));
  CHECK(read_idx(folder.path, DataPart::train).count() == 12);
}

TEST_CASE("gather puts the chosen images on the tape, pixels in [0, 1]") {
  IdxFolder folder;
  folder.write_set(12, 4);
  const ImageSet set = read_idx(folder.path, DataPart::test);
  Tape tape;
  const std::vector<Index> numbers = {3, 0};
  const Var x = image_batch(tape, set, numbers);
  CHECK(x.shape == Shape{2, 6});
  CHECK(x.grad == nullptr);
  for (int k = 0; k < 6; ++k) {
    CHECK(x.values()[k] == Real(131) / 255);
    CHECK(x.values()[6 + k] == Real(128) / 255);
  }
}

}  // namespace l2l::idx_test
