#include "optimizees/data/exif.h"

#include "optimizees/data/picture_codec.h"
#include "tests/catch.h"
#include "tests/optimizees/data/jpeg_files.h"
#include "tests/optimizees/data/picture_files.h"

namespace l2l::exif_test {

using namespace l2l::testing;

namespace {

/// A block of Exif that says only how the camera was held.
std::string exif_block(int orientation) {
  return from_hex("4d4d002a0000000800010112000300000001000" + std::to_string(orientation) + "000000000000");
}
std::string exif_segment(const std::string& exif) { return jpeg_segment(0xe1, std::string("Exif\0\0", 6) + exif); }

std::string png_with(const std::string& before, const std::string& behind = "") {
  const std::string file = png_file({.rows = "xyz"}), end = png_chunk("IEND", "");
  const std::size_t header = 8 + 25;
  return file.substr(0, header) + before + file.substr(header, file.size() - header - end.size()) + behind + end;
}

/// As ImageMagick writes it.
std::string raw_profile(const std::string& exif) {
  const std::string bytes = std::string("Exif\0\0", 6) + exif;
  std::string text = "\nexif\n      " + std::to_string(bytes.size()) + "\n";
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    const auto byte = static_cast<unsigned char>(bytes[k]);
    text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    if (k % 36 == 35) text += '\n';
  }
  return text + '\n';
}

}  // namespace

TEST_CASE("A block of Exif gives the orientation") {
  for (int value = 1; value <= 8; ++value) CHECK(orientation(exif_block(value)) == value);
  for (const std::string& other :
       {exif_block(0), exif_block(9), std::string(), std::string("MM"), exif_block(6).substr(0, 12)}) {
    CHECK(orientation(other) == 1);
  }
}

TEST_CASE("Exif counts wherever a JPEG may hold it") {
  const std::string comment = jpeg_segment(0xfe, "a comment"), exif = exif_segment(exif_block(6));
  CHECK(decode_picture(flat_jpeg()).orientation == 1);
  CHECK(decode_picture(flat_jpeg(exif)).orientation == 6);
  CHECK(decode_picture(flat_jpeg(comment + exif)).orientation == 6);
  CHECK(decode_picture(flat_jpeg(jpeg_quantisation() + exif)).orientation == 6);
  CHECK(decode_picture(flat_jpeg(jpeg_segment(0xe0, "JFIF") + comment + exif)).orientation == 6);
  CHECK(decode_picture(flat_jpeg(jpeg_segment(0xe1, "http://ns.adobe.com/xap/1.0/") + exif)).orientation == 6);
  CHECK(decode_picture(flat_jpeg(std::string("\0\0\xff", 3) + exif)).orientation == 6);
  const std::string tables = kJpegStart + jpeg_tables(), scan = jpeg_scan({}, std::string(1, '\0'));
  CHECK(decode_picture(tables + jpeg_frame(0xc0, 8, 32) + exif + scan + kJpegEnd).orientation == 6);
  CHECK(decode_picture(tables + jpeg_frame(0xc0, 8, 32) + scan + exif + kJpegEnd).orientation == 6);
  CHECK(decode_picture(flat_jpeg(exif + exif_segment(exif_block(3)))).orientation == 6);
  CHECK(decode_picture(flat_jpeg() + exif).orientation == 1);  // after the end: of another picture
  CHECK(decode_picture(flat_jpeg(exif_segment("nonsense"))).orientation == 1);
}

TEST_CASE("Exif counts wherever a PNG may hold it") {
  const std::string exif = png_chunk("eXIf", exif_block(6));
  CHECK(decode_picture(png_with("")).orientation == 1);
  CHECK(decode_picture(png_with(exif)).orientation == 6);
  CHECK(decode_picture(png_with("", exif)).orientation == 6);
  const std::string keyword("Raw profile type exif\0", 22), profile = raw_profile(exif_block(8));
  const std::string text = png_chunk("tEXt", keyword + profile);
  const std::string compressed = png_chunk("zTXt", keyword + '\0' + zlib_stream(profile));
  CHECK(decode_picture(png_with(text)).orientation == 8);
  CHECK(decode_picture(png_with("", compressed)).orientation == 8);
  CHECK(decode_picture(png_with(compressed, exif)).orientation == 6);
  CHECK(decode_picture(png_with(exif + compressed)).orientation == 6);
  for (const std::string& other :
       {std::string("Comment\0exif", 12), keyword, keyword + "\nexif", keyword + "\nexif\n9\n45"}) {
    CHECK(decode_picture(png_with(png_chunk("tEXt", other))).orientation == 1);
    CHECK(decode_picture(png_with(png_chunk("zTXt", other))).orientation == 1);
  }
  SECTION("a text that grows without bounds is not from a camera") {
    const std::string bomb = zlib_stream(profile + std::string(std::size_t{1} << 24, '0'));
    CHECK(decode_picture(png_with(png_chunk("zTXt", keyword + '\0' + bomb))).orientation == 1);
  }
}

}  // namespace l2l::exif_test
