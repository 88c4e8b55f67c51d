#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace l2l {

/// The CRC-32 of zlib, of bytes that are added in pieces.
class Checksum {
 public:
  void add(std::string_view bytes);
  std::string digits() const;  // "0badcafe"

 private:
  std::uint32_t crc_ = 0;
};

/// A JSON text, or a file that begins with one, holds the checksum of all its bytes as a member of some object:
///     "checksum": "crc32:0badcafe"
/// It is computed with zeros for these digits. It detects damage and edits by hand, not forgery.
inline constexpr const char* kChecksumName = "checksum";
/// The member's value before it is known.
inline constexpr const char* kChecksumToCome = "crc32:00000000";

/// Replaces `kChecksumToCome` in a file by the checksum of the file.
void seal(std::string& file);
/// The digits of the checksum in a JSON text, which are replaced by zeros; nothing if it has no checksum, "" if the
/// checksum itself is damaged.
std::optional<std::string> take_seal(std::string& json);
/// The error for a file with a wrong checksum.
inline constexpr const char* kSealBroken =
    "damaged or edited: its checksum does not match; remove the entry 'checksum' to use it all the same";

}  // namespace l2l
