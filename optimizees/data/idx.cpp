#include "optimizees/data/idx.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "autodiff/error.h"
#include "nn/files/regular_file.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

/// An IDX file, plain or compressed. zlib's gzread is not used: it silently ignores what follows the compressed data.
class IdxFile {
 public:
  explicit IdxFile(const fs::path& path) : path_(path) {
    if (const std::string reason = why_no_file(path); !reason.empty()) fail("cannot be read: ", reason);
    file_.reset(std::fopen(path.c_str(), "rb"));
    if (!file_) throw Error(path_.string(), ": cannot be opened: ", std::strerror(errno));
    fill();
    compressed_ = stream_.avail_in >= 2 && input_[0] == 0x1f && input_[1] == 0x8b;
    if (compressed_ && inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();  // 16: gzip's header
  }
  ~IdxFile() { inflateEnd(&stream_); }
  IdxFile(const IdxFile&) = delete;
  IdxFile& operator=(const IdxFile&) = delete;

  /// Throws an Error about this file. The remedy is the same for all.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw Error(path_.string(), ": ", parts..., "; fetch the file anew, or name another folder with option data");
  }

  /// The next `n` bytes. They are read in blocks, so that a header with a wrong size costs no memory. If the file is
  /// large enough to hold them, all memory is reserved first, so that nothing is copied.
  std::vector<std::uint8_t> bytes(std::size_t n, const char* field) {
    constexpr std::size_t kBlock = 1 << 20;
    constexpr std::size_t kMaxCompression = 1032;  // of deflate: 258 bytes in 2 bits (RFC 1951, section 3.2.5)
    std::vector<std::uint8_t> data;
    if (n > kBlock) {
      std::error_code unknown;
      const std::uintmax_t size = fs::file_size(path_, unknown);
      if (!unknown && n / (compressed_ ? kMaxCompression : 1) <= size) data.reserve(n);
    }
    while (data.size() < n) {
      const std::size_t have = data.size(), wanted = std::min(n - have, kBlock);
      data.resize(have + wanted);
      const std::size_t got = read(data.data() + have, wanted);
      if (got < wanted) fail(field, " end after ", have + got, " of ", n, " bytes: the file is cut short");
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

  /// Checks that nothing follows, and that a compressed file is complete: its checksum comes last.
  void end() {
    std::uint8_t extra;
    if (read(&extra, 1) > 0) fail("bytes follow the last item that the header announces");
    if (compressed_ && !whole_) fail("compressed data end too early: the file is cut short");
  }

 private:
  Index word() {
    const std::vector<std::uint8_t> b = bytes(4, "the header's bytes");
    return Index(b[0]) << 24 | Index(b[1]) << 16 | Index(b[2]) << 8 | Index(b[3]);
  }

  /// Reads the next block of the file, before decompression; nothing at its end.
  void fill() {
    stream_.next_in = input_.data();
    stream_.avail_in = static_cast<uInt>(std::fread(input_.data(), 1, input_.size(), file_.get()));
    if (std::ferror(file_.get())) fail("cannot be read: ", std::strerror(errno));
  }

  /// The next `n` uncompressed bytes, or fewer if there are no more.
  std::size_t read(std::uint8_t* data, std::size_t n) {
    stream_.next_out = data;
    stream_.avail_out = static_cast<uInt>(n);
    while (stream_.avail_out > 0) {
      if (stream_.avail_in == 0) fill();
      if (stream_.avail_in == 0) break;
      compressed_ ? decompress() : copy();
    }
    return n - stream_.avail_out;
  }

  void copy() {
    const uInt n = std::min(stream_.avail_in, stream_.avail_out);
    std::memcpy(stream_.next_out, stream_.next_in, n);
    stream_.next_in += n;
    stream_.avail_in -= n;
    stream_.next_out += n;
    stream_.avail_out -= n;
  }

  void decompress() {
    if (whole_) inflateReset(&stream_);  // a .gz file may be several, concatenated
    const int code = inflate(&stream_, Z_NO_FLUSH);
    whole_ = code == Z_STREAM_END;
    if (!whole_ && code != Z_OK) fail("the compressed data are damaged");
  }

  fs::path path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, &std::fclose};
  std::vector<std::uint8_t> input_ = std::vector<std::uint8_t>(1 << 16);
  z_stream stream_ = {};
  bool compressed_ = false;
  bool whole_ = false;  // the compressed data have ended, and their checksum is right
};

/// The file `stem` + '-' or '.' + `kind`, compressed or not. If there is none, a folder of that name: its error is
/// clearer than that of a missing file.
fs::path find_file(const fs::path& folder, const std::string& stem, const std::string& kind) {
  for (const bool folders : {false, true}) {
    for (const char* separator : {"-", "."}) {
      for (const char* suffix : {"", ".gz"}) {
        const fs::path path = folder / (stem + separator + kind + suffix);
        std::error_code ignored;
        if (fs::exists(path, ignored) && fs::is_directory(path, ignored) == folders) return path;
      }
    }
  }
  throw Error(
      folder.string(), ": holds no file ", stem, "-", kind,
      " or .gz; install Debian's package dataset-fashion-mnist, or name a folder of MNIST's files with option data");
}

}  // namespace

ImageSet read_idx(const fs::path& folder, DataPart part) {
  // Far beyond any data set in this format. They keep the products below from overflowing.
  constexpr Index kMaxImages = 10'000'000, kMaxSide = 4096, kMaxBytes = Index(1) << 30;
  const std::string stem = part == DataPart::train ? "train" : "t10k";
  ImageSet set;

  IdxFile images(find_file(folder, stem + "-images", "idx3-ubyte"));
  images.magic(0x803, "images");
  const Index count = images.number("number of images", kMaxImages);
  set.height = images.number("image height", kMaxSide);
  set.width = images.number("image width", kMaxSide);
  const Index size = count * set.pixels_per_image();
  if (size > kMaxBytes) {
    images.fail(count, " images of ", set.height, "x", set.width, " take more than ", kMaxBytes, " bytes");
  }
  set.pixels = images.bytes(static_cast<std::size_t>(size), "pixels");
  images.end();

  const fs::path labels_path = find_file(folder, stem + "-labels", "idx1-ubyte");
  IdxFile labels(labels_path);
  labels.magic(0x801, "labels");
  const Index label_count = labels.number("number of labels", kMaxImages);
  if (label_count != count) labels.fail("number of labels is ", label_count, ", but there are ", count, " images");
  set.labels = labels.bytes(static_cast<std::size_t>(count), "labels");
  labels.end();
  for (Index k = 0; k < count; ++k) {
    if (set.labels[k] >= ImageSet::kClasses) {
      throw Error(labels_path.string(), ": label ", k, " is ", int(set.labels[k]), ", and only data of ",
                  ImageSet::kClasses, " classes, 0 to ", ImageSet::kClasses - 1,
                  ", can be learned; name a folder of such with option data");
    }
  }
  return set;
}

}  // namespace l2l
