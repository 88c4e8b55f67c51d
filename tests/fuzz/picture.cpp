// JPEG and PNG files: decode_picture. A PNG as it is, and with its checksums corrected.
#include "optimizees/data/picture_codec.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/png_mending.h"
#include "tests/optimizees/data/jpeg_files.h"
#include "tests/optimizees/data/picture_files.h"

namespace l2l::fuzz {
namespace {

/// The number of two bytes.
Index word(std::string_view file, std::size_t at) {
  return Index{static_cast<unsigned char>(file[at])} << 8 | static_cast<unsigned char>(file[at + 1]);
}

/// Whether a file may be a picture of more than 2^16 pixels. A small file can be a large picture, which takes seconds
/// here.
bool is_large(std::string_view file) {
  const auto large = [](Index height, Index width) { return height * width > 1 << 16; };
  if (file.starts_with("\x89PNG") && file.size() >= 24) {
    return word(file, 16) != 0 || word(file, 20) != 0 || large(word(file, 18), word(file, 22));
  }
  for (std::size_t at = 0; at + 9 <= file.size(); ++at) {  // the frame of a JPEG
    const bool frame = file[at] == '\xff' && (file[at + 1] & 0xf0) == 0xc0;
    if (frame && large(word(file, at + 5), word(file, at + 7))) return true;
  }
  return false;
}

void decode(std::string_view file) {
  if (is_large(file)) return;
  attempt([&] {
    const Bitmap bitmap = decode_picture(file);
    require(bitmap.channels >= 1 && bitmap.channels <= 4, "a picture of too many channels");
    require(std::ssize(bitmap.bytes) == bitmap.height * bitmap.width * bitmap.channels, "a picture of another size");
  });
}

/// One picture for each way in which a PNG can hold pixels: colour type, depth, bytes of a pixel times 8.
std::vector<std::string> pngs() {
  std::vector<std::string> files;
  const std::string row("\x12\x34\x56\x78\x9a\xbc\xde\xf0\x13\x57\x9b\xdf\x02\x46\x8a\xce", 16);
  for (const auto& [type, channels] : {std::pair{0, 1}, {2, 3}, {3, 1}, {4, 2}, {6, 4}}) {
    for (const int depth : {1, 2, 4, 8, 16}) {
      if ((type != 0 && type != 3 && depth < 8) || (type == 3 && depth > 8)) continue;
      const std::string pixels = row.substr(0, (2 * channels * depth + 7) / 8);
      files.push_back(testing::png_file({.width = 2,
                                         .height = 2,
                                         .depth = static_cast<std::uint8_t>(depth),
                                         .colour_type = static_cast<std::uint8_t>(type),
                                         .rows = pixels + pixels,
                                         .palette = type == 3 ? std::string(3 * 256, '\7') : "",
                                         .transparency = type == 3 ? std::string(1, '\5') : ""}));
    }
  }
  return files;
}

}  // namespace

void read(std::string_view bytes) {
  decode(bytes);
  if (bytes.starts_with("\x89PNG")) decode(mend_png(bytes));
}

std::vector<std::string> seeds() {
  std::vector<std::string> files = pngs();
  using namespace testing;
  const std::string start = kJpegStart + jpeg_tables(), pixels(2, '\0');
  files.insert(files.end(), {grey_jpeg(), cmyk_jpeg(), oriented_jpeg(6), flat_jpeg(),
                             start + jpeg_frame(0xc0, 8, 8, 3) + jpeg_scan({.components = 3}, pixels) + kJpegEnd,
                             start + jpeg_frame(0xc2, 8, 8) + jpeg_scan({.last = 0}, pixels) +
                                 jpeg_scan({.first = 1}, pixels) + kJpegEnd});
  return files;
}

}  // namespace l2l::fuzz
