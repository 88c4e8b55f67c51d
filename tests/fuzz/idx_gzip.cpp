// The same, compressed: the input as the compressed bytes, and as what is compressed.
#include <zlib.h>

#include <new>

#include "tests/fuzz/idx_input.h"

namespace l2l::fuzz {
namespace {

/// A .gz file with `bytes`. The level is the fastest: none.
std::string gzip(std::string_view bytes) {
  z_stream stream = {};
  const int gzip_header = 16, window_bits = 9, memory_level = 1;
  if (deflateInit2(&stream, Z_NO_COMPRESSION, Z_DEFLATED, gzip_header + window_bits, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib does not compress");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

void read(std::string_view bytes) {
  const IdxInput input(bytes);
  put("train-images-idx3-ubyte.gz", input.images);
  put("train-labels-idx1-ubyte.gz", input.labels);
  read_idx_part(DataPart::train);
  put("t10k-images-idx3-ubyte.gz", gzip(input.images));
  put("t10k-labels-idx1-ubyte.gz", gzip(input.labels));
  read_idx_part(DataPart::test);
}

std::vector<std::string> seeds() {
  const std::string head = kIdxImages.substr(0, 16), rest = kIdxImages.substr(16);
  return {idx_input(kIdxImages, kIdxLabels), idx_input(gzip(kIdxImages), gzip(kIdxLabels)),
          idx_input(gzip(head) + gzip(rest), gzip(kIdxLabels))};  // a .gz file may be several
}

}  // namespace l2l::fuzz
