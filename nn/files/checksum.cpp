#include "nn/files/checksum.h"

#include <zlib.h>

#include <algorithm>

namespace l2l {
namespace {

constexpr std::string_view kMark = "\"crc32:";  // what the value begins with
constexpr std::size_t kDigits = 8;

/// Where the value of "checksum" begins, if it is a string. Inside a string every quote has a backslash before it, so
/// `"checksum":` cannot be part of one.
std::size_t find_value(std::string_view json) {
  const std::string name = std::string("\"") + kChecksumName + "\":";
  const std::size_t found = json.find(name);
  if (found == std::string_view::npos) return found;
  const std::size_t value = json.find_first_not_of(' ', found + name.size());
  return value != std::string_view::npos && json[value] == '"' ? value : std::string_view::npos;
}

/// Whether some value looks like a checksum.
bool has_mark(std::string_view json) {
  for (std::size_t at = json.find(kMark); at != std::string_view::npos; at = json.find(kMark, at + 1)) {
    if (at > 0 && json[at - 1] != '\\') return true;
  }
  return false;
}

}  // namespace

void Checksum::add(std::string_view bytes) {
  crc_ = static_cast<std::uint32_t>(::crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string Checksum::digits() const {
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[crc_ >> shift & 15];
  return text;
}

void seal(std::string& file) {
  Checksum sum;
  sum.add(file);
  file.replace(find_value(file) + kMark.size(), kDigits, sum.digits());
}

std::optional<std::string> take_seal(std::string& json) {
  const std::size_t value = find_value(json);
  // Name and value are searched separately: a flipped bit hides only one of them.
  if (value == std::string::npos) return has_mark(json) ? std::optional<std::string>("") : std::nullopt;
  const std::size_t digits = value + kMark.size();
  if (!std::string_view(json).substr(value).starts_with(kMark) || digits + kDigits > json.size()) return "";
  const std::string found = json.substr(digits, kDigits);
  json.replace(digits, kDigits, kDigits, '0');
  return found;
}

}  // namespace l2l
