#include "optimizees/data/idx.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "autodiff/error.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

/// A file of IDX data, plain or compressed: zlib reads both.
class IdxFile {
 public:
  explicit IdxFile(const fs::path& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (file_ == nullptr) throw Error(path_.string(), ": cannot be opened: ", std::strerror(errno));
  }
  ~IdxFile() {
    if (file_ != nullptr) gzclose(file_);
  }
  IdxFile(const IdxFile&) = delete;
  IdxFile& operator=(const IdxFile&) = delete;

  /// An error with this file: what is wrong, and the same remedy for all.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw Error(path_.string(), ": ", parts..., "; fetch the file anew, or name another folder with --data DIR");
  }

  /// The next `n` bytes. They are asked for in blocks, so that a header that lies about the size costs no memory.
  std::vector<std::uint8_t> bytes(std::size_t n, const char* field) {
    constexpr std::size_t kBlock = 1 << 20;
    std::vector<std::uint8_t> data;
    while (data.size() < n) {
      const std::size_t have = data.size(), wanted = std::min(n - have, kBlock);
      data.resize(have + wanted);
      const int got = gzread(file_, data.data() + have, static_cast<unsigned>(wanted));
      if (got < 0) fail(field, " cannot be read: ", reason());
      if (static_cast<std::size_t>(got) < wanted) {
        fail(field, " end after ", have + static_cast<std::size_t>(got), " of ", n, " bytes: the file is cut short");
      }
    }
    return data;
  }

  /// The next number of the header, which must lie in 1 to `largest`.
  Index number(const char* field, Index largest) {
    const Index n = word();
    if (n < 1 || n > largest) fail(field, " is ", n, ", it must be 1 to ", largest);
    return n;
  }

  void magic(Index expected, const char* content) {
    const Index n = word();
    if (n != expected) fail("magic number is ", n, ", IDX ", content, " begin with ", expected);
  }

  /// Checks that nothing follows and, for a compressed file, that it is whole: its checksum comes last.
  void end() {
    std::uint8_t extra;
    const int got = gzread(file_, &extra, 1);
    if (got < 0) fail("cannot be read: ", reason());
    if (got > 0) fail("bytes follow the last item that the header announces");
    const int code = gzclose(file_);
    file_ = nullptr;
    if (code != Z_OK) fail("compressed data end too early (zlib code ", code, "): the file is cut short");
  }

 private:
  Index word() {
    const std::vector<std::uint8_t> b = bytes(4, "the header's bytes");
    return Index(b[0]) << 24 | Index(b[1]) << 16 | Index(b[2]) << 8 | Index(b[3]);
  }

  std::string reason() const {
    int code = Z_OK;
    gzerror(file_, &code);
    return code == Z_ERRNO ? std::strerror(errno) : "the compressed data are damaged";
  }

  fs::path path_;
  gzFile file_;
};

/// The file `stem` + '-' or '.' + `kind`, compressed or not.
fs::path find_file(const fs::path& folder, const std::string& stem, const std::string& kind) {
  for (const char* separator : {"-", "."}) {
    for (const char* suffix : {"", ".gz"}) {
      const fs::path path = folder / (stem + separator + kind + suffix);
      std::error_code ignored;
      if (fs::exists(path, ignored)) return path;
    }
  }
  throw Error(folder.string(), ": holds no file ", stem, "-", kind,
              " or .gz; install Debian's package dataset-fashion-mnist, or name a folder of MNIST's files with --data "
              "DIR");
}

}  // namespace

Var ImageSet::gather(Tape& tape, std::span<const Index> numbers) const {
  const Index n = pixels_per_image(), rows = static_cast<Index>(numbers.size());
  Real* value = tape.scratch(rows * n);
  for (Index r = 0; r < rows; ++r) {
    const std::uint8_t* image = pixels.data() + numbers[r] * n;
    for (Index k = 0; k < n; ++k) value[r * n + k] = static_cast<Real>(image[k]) / 255;
  }
  return tape.leaf({rows, n}, value);
}

ImageSet read_idx(const fs::path& folder, IdxPart part) {
  // No data set in this format comes near these; they keep the products below from overflowing.
  constexpr Index kMostImages = 10'000'000, kLargestSide = 4096, kMostBytes = Index(1) << 30;
  const std::string stem = part == IdxPart::train ? "train" : "t10k";
  ImageSet set;

  IdxFile images(find_file(folder, stem + "-images", "idx3-ubyte"));
  images.magic(0x803, "images");
  const Index count = images.number("number of images", kMostImages);
  set.height = images.number("image height", kLargestSide);
  set.width = images.number("image width", kLargestSide);
  const Index size = count * set.pixels_per_image();
  if (size > kMostBytes) {
    images.fail(count, " images of ", set.height, "x", set.width, " take more than ", kMostBytes, " bytes");
  }
  set.pixels = images.bytes(static_cast<std::size_t>(size), "pixels");
  images.end();

  IdxFile labels(find_file(folder, stem + "-labels", "idx1-ubyte"));
  labels.magic(0x801, "labels");
  const Index label_count = labels.number("number of labels", kMostImages);
  if (label_count != count) labels.fail("number of labels is ", label_count, ", but there are ", count, " images");
  set.labels = labels.bytes(static_cast<std::size_t>(count), "labels");
  labels.end();
  for (Index k = 0; k < count; ++k) {
    if (set.labels[k] >= ImageSet::kClasses) {
      labels.fail("label ", k, " is ", int(set.labels[k]), ", it must be 0 to ", ImageSet::kClasses - 1);
    }
  }
  return set;
}

}  // namespace l2l
