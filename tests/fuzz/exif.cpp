// The orientation of a photograph: orientation. The input is a block of Exif, by itself and in pictures, and a PNG's
// text that holds one, compressed if its size is even.
#include "optimizees/data/exif.h"

#include "optimizees/data/picture_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/optimizees/data/picture_files.h"

namespace l2l::fuzz {
namespace {

void read_orientation(std::string_view exif) {
  const int value = orientation(exif);
  require(value >= 1 && value <= 8, "an orientation of " + std::to_string(value));
}

/// A JPEG that begins with these Exif data, of at most what a segment holds.
std::string jpeg_with_exif(std::string_view exif) {
  const std::string data = "Exif" + std::string(2, '\0') + std::string(exif.substr(0, 65'000));
  const std::string length = testing::big_endian(static_cast<std::uint32_t>(data.size() + 2)).substr(2);
  static const std::string rest = testing::grey_jpeg().substr(2);
  return "\xff\xd8\xff\xe1" + length + data + rest;
}

/// A PNG with them.
std::string png_with_exif(std::string_view exif) {
  static const std::string file = testing::png_file({.rows = "\1\2\3"});
  const std::size_t header = 8 + 25;  // signature and IHDR
  return file.substr(0, header) + testing::png_chunk("eXIf", std::string(exif)) + file.substr(header);
}

const std::string kKeyword("Raw profile type exif\0", 22);

}  // namespace

void read(std::string_view bytes) {
  read_orientation(bytes);
  read_orientation(exif_in_text(bytes, bytes.size() % 2 == 0));
  attempt([&] { read_orientation(check_picture(jpeg_with_exif(bytes)).exif); });
  attempt([&] { read_orientation(check_picture(png_with_exif(bytes)).exif); });
}

std::vector<std::string> seeds() {
  const std::string big_endian = testing::from_hex("4d4d002a00000008000101120003000000010006000000000000");
  const std::string little_endian = testing::from_hex("49492a0008000000010012010300010000000300000000000000");
  const std::string profile = "\nexif\n      32\n457869660000\n4d4d002a00000008000101120003000000010006000000000000\n";
  const std::string compressed = kKeyword + '\0' + testing::zlib_stream(profile);
  return {big_endian, little_endian, kKeyword + profile, kKeyword + profile + " ", compressed, compressed + " "};
}

}  // namespace l2l::fuzz
