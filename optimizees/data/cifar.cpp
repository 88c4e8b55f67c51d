#include "optimizees/data/cifar.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "autodiff/error.h"
#include "nn/files/regular_file.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

constexpr Index kSide = 32, kPixels = 3 * kSide * kSide, kRecord = 1 + kPixels;
constexpr Index kMaxImages = 1'000'000;  // in a file; CIFAR-10's have 10,000

/// Throws an Error about a file. The remedy is the same for all.
template <class... Parts>
[[noreturn]] void fail(const fs::path& path, const Parts&... parts) {
  throw Error(path.string(), ": ", parts...,
              "; unpack cifar-10-binary.tar.gz anew, or name another folder with option data");
}

/// How many records a file has, by its size: there is no header.
Index count_records(const fs::path& path) {
  if (const std::string reason = why_no_file(path); !reason.empty()) fail(path, "cannot be read: ", reason);
  std::error_code failure;
  const std::uintmax_t size = fs::file_size(path, failure);
  if (failure) fail(path, "its size cannot be found: ", failure.message());
  if (size == 0 || size % kRecord != 0) {
    fail(path, size, " bytes are not a whole number of images of ", kRecord,
         " bytes (a label and 3 x 32 x 32 pixels): something is missing or follows");
  }
  const Index count = static_cast<Index>(size / kRecord);
  if (count > kMaxImages) fail(path, count, " images are more than the ", kMaxImages, " that a file may hold");
  return count;
}

/// Appends the images of a file.
void read_file(const fs::path& path, ImageSet& set) {
  const Index first = set.count(), count = count_records(path);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) throw Error(path.string(), ": cannot be opened: ", std::strerror(errno));
  set.labels.resize(first + count);
  set.pixels.resize((first + count) * kPixels);
  for (Index k = 0; k < count; ++k) {
    std::uint8_t& label = set.labels[first + k];
    if (std::fread(&label, 1, 1, file.get()) != 1 ||
        std::fread(&set.pixels[(first + k) * kPixels], kPixels, 1, file.get()) != 1) {
      fail(path, "cannot be read beyond image ", k, ": ", std::ferror(file.get()) ? std::strerror(errno) : "it shrank");
    }
    if (label >= ImageSet::kClasses) {
      fail(path, "label ", k, " is ", int(label), ", it must be 0 to ", ImageSet::kClasses - 1,
           "; is it CIFAR-10's binary version?");
    }
  }
}

/// The existing files of a part.
std::vector<fs::path> files_of(const fs::path& folder, DataPart part) {
  std::vector<std::string> names = {"test_batch.bin"};
  if (part == DataPart::train) {
    names.clear();
    for (int k = 1; k <= 5; ++k) names.push_back("data_batch_" + std::to_string(k) + ".bin");
  }
  std::vector<fs::path> files;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (fs::exists(folder / name, ignored)) files.push_back(folder / name);
  }
  if (files.empty()) {
    throw Error(folder.string(), ": holds no file ", names.front(), part == DataPart::train ? " (to 5)" : "",
                "; name the folder of CIFAR-10's binary version, cifar-10-batches-bin, with option data");
  }
  return files;
}

}  // namespace

ImageSet read_cifar(const fs::path& folder, DataPart part) {
  ImageSet set{.channels = 3, .height = kSide, .width = kSide, .pixels = {}, .labels = {}};
  for (const fs::path& file : files_of(folder, part)) read_file(file, set);
  return set;
}

}  // namespace l2l
