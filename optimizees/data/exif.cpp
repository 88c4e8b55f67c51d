#include "optimizees/data/exif.h"

#include <libexif/exif-data.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <new>

namespace l2l {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kExif = "Exif\0\0"sv;  // what libexif expects before a block

/// The data in a zlib stream, or "" if it is damaged or larger than any camera's block.
std::string uncompressed(std::string_view data) {
  std::string text(std::size_t{1} << 20, '\0');
  uLongf size = text.size();
  const int code = uncompress(reinterpret_cast<Bytef*>(text.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
                              data.size());
  return code == Z_OK ? text.substr(0, size) : "";
}

/// The bytes that a text holds as hexadecimal digits, with white space between them.
std::string from_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) continue;
    if (high < 0) {
      high = static_cast<int>(digit);
    } else {
      bytes += static_cast<char>(high << 4 | static_cast<int>(digit));
      high = -1;
    }
  }
  return bytes;
}

}  // namespace

int orientation(std::string_view exif) {
  const std::string block = std::string(kExif) + std::string(exif);
  const std::unique_ptr<ExifData, void (*)(ExifData*)> data(
      exif_data_new_from_data(reinterpret_cast<const unsigned char*>(block.data()),
                              static_cast<unsigned>(block.size())),
      &exif_data_unref);
  if (!data) throw std::bad_alloc();
  const ExifEntry* const entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) return 1;
  const int value = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return value >= 1 && value <= 8 ? value : 1;
}

std::string exif_in_text(std::string_view chunk, bool compressed) {
  const std::size_t keyword_end = chunk.find('\0');
  const std::string_view keyword = chunk.substr(0, keyword_end);
  if (keyword != "Raw profile type exif" && keyword != "Raw profile type APP1") return "";
  chunk.remove_prefix(std::min(chunk.size(), keyword_end + (compressed ? 2 : 1)));  // 2: the kind of compression too
  const std::string text = compressed ? uncompressed(chunk) : std::string(chunk);
  // "\nexif\n", the size in decimal, "\n", and the block
  std::size_t start = 0;
  for (int line = 0; line < 3 && start != std::string::npos; ++line) start = text.find('\n', start + (line > 0));
  if (start == std::string::npos) return "";
  const std::string block = from_hex(std::string_view(text).substr(start));
  return block.starts_with(kExif) ? block.substr(kExif.size()) : "";
}

}  // namespace l2l
