#pragma once
#include <cstdint>
#include <string_view>

#include "autodiff/error.h"

namespace l2l {

/// Reads bytes from the front. Throws Error(`too_short`) if more are asked for than are left.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes, const char* too_short = "the picture is cut short")
      : left_(bytes), too_short_(too_short) {}

  std::string_view left() const { return left_; }
  bool empty() const { return left_.empty(); }

  std::string_view take(std::size_t n) {
    if (n > left_.size()) throw Error(too_short_);
    const std::string_view bytes = left_.substr(0, n);
    left_.remove_prefix(n);
    return bytes;
  }
  /// A big-endian number of `size` bytes, 1 to 4.
  std::uint32_t number(int size) {
    std::uint32_t value = 0;
    for (const char byte : take(static_cast<std::size_t>(size))) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }
  int byte() { return static_cast<int>(number(1)); }

 private:
  std::string_view left_;
  const char* too_short_;
};

}  // namespace l2l
