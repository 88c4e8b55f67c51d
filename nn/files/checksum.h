#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace l2l {

/// CRC-32 (that of zlib) of bytes that are added piece by piece.
class Checksum {
 public:
  void add(std::string_view bytes);
  std::string digits() const;  // "0badcafe"

 private:
  std::uint32_t crc_ = 0;
};

/// A JSON text, or a file that begins with one, answers for all of its bytes by a member of some object:
///     "checksum": "crc32:0badcafe"
/// What is summed has zeros for these digits. It tells damage and edits by hand, not forgery.
inline constexpr const char* kChecksumName = "checksum";
/// The member's value before it is known.
inline constexpr const char* kChecksumToCome = "crc32:00000000";

/// Puts the checksum of a whole file where `kChecksumToCome` stands in it.
void seal(std::string& file);
/// The digits in a JSON text, which are zeros from now on; nothing if it has no checksum, "" if that itself is damaged.
std::optional<std::string> take_seal(std::string& json);
/// What is wrong with a file whose checksum is another.
inline constexpr const char* kSealBroken =
    "damaged or edited: its checksum is that of other bytes; without the entry 'checksum' it is taken as it is";

}  // namespace l2l
