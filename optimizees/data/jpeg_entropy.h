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

/// The bits of a scan (ITU-T T.81, section F.2.2.5). A byte 0xff that belongs to them has a zero behind it; any other
/// ends an interval. Asking for more bits than there are is an Error.
class EntropyReader {
 public:
  explicit EntropyReader(std::string_view bytes);

  /// The next `n` bits, at most 16, and zeros behind the last.
  std::uint32_t peek(int n);
  /// At most 64.
  void skip(int n);
  std::uint32_t bits(int n);

  /// Checks that nothing is left of an interval but the bits that fill up its last byte.
  void end_interval();
  /// Goes on behind the marker between an interval and the next one, which counts from 0 to 7.
  void restart(int number);
  /// The same for a scan's last interval, behind which cameras append zeros.
  void end_scan();
  /// What follows a scan.
  std::string_view left() const;

 private:
  void fill();

  const std::uint8_t *at_, *end_;
  std::uint64_t buffer_ = 0;  // the next bit is the uppermost
  int count_ = 0;  // how many bits of it are valid
};

/// One of Huffman's codes as a JPEG defines it (sections B.2.4.2, C and F.2.2.3).
class HuffmanTable {
 public:
  /// How many codes have 1 to 16 bits; the symbols in the order of their codes.
  HuffmanTable() = default;
  HuffmanTable(std::string_view counts, std::string_view symbols);

  bool defined() const { return defined_; }
  int symbol(EntropyReader& in) const;

 private:
  static constexpr int kFastBits = 9;
  struct Code {
    std::uint8_t size = 0, symbol = 0;  // size 0: a longer code, or none
  };
  std::array<Code, 1 << kFastBits> fast_{};  // by the next bits
  std::array<int, 17> first_{}, count_{}, offset_{};  // by size: the first code, how many there are, its symbol's place
  std::array<std::uint8_t, 256> symbols_{};
  bool defined_ = false;
};

}  // namespace l2l
