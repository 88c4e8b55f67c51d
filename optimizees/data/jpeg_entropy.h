#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "autodiff/error.h"

namespace l2l {

template <class... Parts>
[[noreturn]] void damaged_jpeg(const Parts&... parts) {
  throw Error("a damaged JPEG: ", parts...);
}

/// The bits of a scan (ITU-T T.81, section F.2.2.5). A byte 0xff that is data is followed by a zero; any other 0xff
/// ends an interval. Throws an Error if more bits are taken than there are.
class EntropyReader {
 public:
  explicit EntropyReader(std::string_view bytes);

  /// The next `n` bits, at most 16; zeros after the last.
  std::uint32_t peek(int n);
  /// At most 64.
  void skip(int n);
  std::uint32_t bits(int n);

  /// Checks that the interval has ended: only the bits that pad its last byte may be left.
  void end_interval();
  /// Skips the restart marker before the next interval, which must have this number, 0 to 7.
  void restart(int number);
  /// Like end_interval, for the last interval of a scan, to which cameras append zeros.
  void end_scan();
  /// The bytes after the scan.
  std::string_view left() const;

 private:
  void fill();

  const std::uint8_t *at_, *end_;
  std::uint64_t buffer_ = 0;  // the next bit is the most significant
  int count_ = 0;  // how many bits of it are valid
};

/// A Huffman code as a JPEG defines it (sections B.2.4.2, C and F.2.2.3).
class HuffmanTable {
 public:
  HuffmanTable() = default;
  /// counts: how many codes have 1, 2, … 16 bits; symbols: in the order of their codes
  HuffmanTable(std::string_view counts, std::string_view symbols);

  bool defined() const { return defined_; }
  int symbol(EntropyReader& in) const;

 private:
  static constexpr int kFastBits = 9;
  struct Code {
    std::uint8_t size = 0, symbol = 0;  // size 0: a longer code, or none
  };
  std::array<Code, 1 << kFastBits> fast_{};  // by the next bits
  std::array<int, 17> first_{}, count_{}, offset_{};  // by size: first code, number of codes, index of the first symbol
  std::array<std::uint8_t, 256> symbols_{};
  bool defined_ = false;
};

}  // namespace l2l
