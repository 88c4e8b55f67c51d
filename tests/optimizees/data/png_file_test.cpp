#include "optimizees/data/picture_codec.h"
#include "optimizees/data/picture_file.h"
#include "tests/catch.h"
#include "tests/optimizees/data/picture_files.h"
#include "tests/optimizees/data/refusal.h"

namespace l2l::png_file_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string kPngSignature = "\x89PNG\r\n\x1a\n", kPngEnd = png_chunk("IEND", "");

std::string png_header(std::uint32_t width, std::uint32_t height, std::initializer_list<int> rest) {
  std::string data = big_endian(width) + big_endian(height);
  for (const int value : rest) data += static_cast<char>(value);
  return png_chunk("IHDR", data);
}
std::string png_pixels(const std::string& lines) { return png_chunk("IDAT", zlib_stream(lines)); }

/// A PNG of one red pixel, with other chunks before and after its pixels.
std::string red_png(const std::string& before = "", const std::string& behind = "") {
  return kPngSignature + png_header(1, 1, {8, 2, 0, 0, 0}) + before + png_pixels(std::string("\0\xff\0\0", 4)) +
         behind + kPngEnd;
}

}  // namespace

TEST_CASE("A flipped bit anywhere in a PNG is found") {
  const std::string files[] = {
      red_png(), png_file({.width = 7, .height = 5, .rows = std::string(105, 'x')}),
      png_file({.width = 2, .colour_type = 3, .rows = {0, 1}, .palette = "abcdef", .transparency = "x"})};
  for (const std::string& file : files) {
    REQUIRE(refusal(file) == "");
    for (std::size_t k = 0; k < file.size(); ++k) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = file;
        damaged[k] = static_cast<char>(damaged[k] ^ 1 << bit);
        INFO("byte " << k << ", bit " << bit);
        CHECK(refusal(damaged) != "");
      }
    }
  }
}

TEST_CASE("Damage of a PNG's pixels is found by their own checksum too") {
  std::string stream = zlib_stream(std::string("\0\xff\0\0", 4));
  stream.back() = static_cast<char>(stream.back() ^ 1);  // of Adler-32; the chunk's is right
  const std::string head = kPngSignature + png_header(1, 1, {8, 2, 0, 0, 0});
  CHECK_THAT(refusal(head + png_chunk("IDAT", stream) + kPngEnd), ContainsSubstring("compressed pixels are not right"));
  stream.resize(stream.size() - 4);
  CHECK_THAT(refusal(head + png_chunk("IDAT", stream) + kPngEnd), ContainsSubstring("fewer pixels"));
}

TEST_CASE("A PNG's pixels are as many as its header says, in whatever chunks") {
  const std::string head = kPngSignature + png_header(2, 2, {8, 0, 0, 0, 0});
  const std::string lines("\0ab\0cd", 6), stream = zlib_stream(lines);
  const auto chunk = [](const std::string& data) { return png_chunk("IDAT", data); };
  const std::string split = chunk("") + chunk(stream.substr(0, 3)) + chunk("") + chunk(stream.substr(3));
  CHECK(decode_picture(head + split + kPngEnd).bytes == std::vector<std::uint8_t>{'a', 'b', 'c', 'd'});
  CHECK(refusal(head + chunk(stream + "junk") + chunk("junk") + kPngEnd) == "");
  CHECK_THAT(refusal(head + png_pixels(lines.substr(0, 5)) + kPngEnd), ContainsSubstring("fewer pixels"));
  CHECK_THAT(refusal(head + png_pixels(lines + 'e') + kPngEnd), ContainsSubstring("more pixels"));
  CHECK_THAT(refusal(head + chunk("") + kPngEnd), ContainsSubstring("fewer pixels"));  // stb_image copies from nowhere
  CHECK_THAT(refusal(head + kPngEnd), ContainsSubstring("fewer pixels"));
  CHECK_THAT(
      refusal(head + chunk(stream.substr(0, 3)) + png_chunk("tIME", "abcdefg") + chunk(stream.substr(3)) + kPngEnd),
      ContainsSubstring("interrupted by another chunk"));
  SECTION("interlaced: a pixel is in the first pass only") {
    CHECK(refusal(kPngSignature + png_header(1, 1, {8, 0, 0, 0, 1}) + png_pixels(std::string("\0a", 2)) + kPngEnd) ==
          "");
    CHECK_THAT(refusal(kPngSignature + png_header(2, 1, {8, 0, 0, 0, 1}) + png_pixels(std::string("\0a", 2)) + kPngEnd),
               ContainsSubstring("fewer pixels"));
  }
  SECTION("a bomb") {
    const std::string bomb = zlib_stream(std::string(std::size_t{1} << 26, '\0'));
    CHECK_THAT(refusal(head + chunk(bomb) + kPngEnd), ContainsSubstring("more pixels"));
  }
}

TEST_CASE("A PNG without its end is cut short") {
  const std::string file = png_file({.width = 3, .height = 2, .rows = std::string(18, 'x')});
  for (std::size_t size = 8; size < file.size(); ++size) {
    CHECK(refusal(file.substr(0, size)) == "the picture is cut short");
  }
  CHECK(refusal(file + "tail") == "");
}

TEST_CASE("A PNG's chunks: their order") {
  const std::string palette = png_chunk("PLTE", "abcdef"), text = png_chunk("tEXt", std::string(100'000, 'x'));
  CHECK(refusal(red_png(text + palette + text, text)) == "");
  CHECK_THAT(refusal(kPngSignature + text + kPngEnd), ContainsSubstring("begins with a chunk tEXt"));
  CHECK_THAT(refusal(kPngSignature + png_chunk("CgBI", "abcd") + kPngEnd), ContainsSubstring("Apple's own kind"));
  CHECK_THAT(refusal(red_png(png_chunk("ABCD", ""))), ContainsSubstring("chunk ABCD is unknown"));
  CHECK_THAT(refusal(red_png(png_header(1, 1, {8, 2, 0, 0, 0}))), ContainsSubstring("chunk IHDR"));
  CHECK_THAT(refusal(red_png(png_chunk("a\n\x1b[", ""))), ContainsSubstring("something between two chunks"));
  CHECK_THAT(refusal(red_png(palette + palette)), ContainsSubstring("PLTE"));
  CHECK_THAT(refusal(red_png("", palette)), ContainsSubstring("PLTE"));
  CHECK_THAT(refusal(red_png(png_chunk("PLTE", "ab"))), ContainsSubstring("a palette of 2 bytes"));
  CHECK_THAT(refusal(red_png("", png_chunk("tRNS", std::string(6, '\0')))), ContainsSubstring("tRNS"));
  CHECK_THAT(refusal(red_png(png_chunk("tRNS", "abc"))), ContainsSubstring("a transparent colour of 3 bytes"));
  CHECK_THAT(refusal(red_png(png_chunk("tRNS", "abcdef"))), ContainsSubstring("outside of the range"));
  CHECK(decode_picture(red_png(png_chunk("tRNS", std::string("\0\xff\0\0\0\0", 6)))).bytes[3] == 0);
  CHECK_THAT(refusal(png_file({.colour_type = 3, .rows = "x"})), ContainsSubstring("its palette is missing"));
  CHECK_THAT(refusal(png_file({.colour_type = 3, .rows = "x", .palette = "abc", .transparency = "xy"})),
             ContainsSubstring("2 opacities for a palette of 1"));
  CHECK_THAT(refusal(png_file({.colour_type = 6, .rows = "wxyz", .transparency = "xy"})),
             ContainsSubstring("beside opacities"));
}

TEST_CASE("A PNG's header is one that the standard knows") {
  const auto file = [](std::initializer_list<int> rest) {
    return refusal(kPngSignature + png_header(1, 1, rest) + kPngEnd);
  };
  for (int type = 0; type < 8; ++type) {
    for (int depth = 0; depth <= 32; ++depth) {
      const bool whole = depth == 8 || depth == 16, part = depth == 1 || depth == 2 || depth == 4;
      const bool known = type == 0   ? whole || part
                         : type == 3 ? part || depth == 8
                                     : whole && type != 1 && type < 7 && type != 5;
      CHECK_THAT(file({depth, type, 0, 0, 0}), ContainsSubstring(known ? "pixels" : "no colour type"));
    }
  }
  CHECK_THAT(file({8, 2, 1, 0, 0}), ContainsSubstring("unknown compression"));
  CHECK_THAT(file({8, 2, 0, 1, 0}), ContainsSubstring("unknown compression"));
  CHECK_THAT(file({8, 2, 0, 0, 2}), ContainsSubstring("unknown compression"));
  CHECK_THAT(file({8, 2, 0, 0}), ContainsSubstring("a header of 12 bytes"));
  CHECK_THAT(refusal(kPngSignature + png_header(0, 5, {8, 2, 0, 0, 0})), ContainsSubstring("0x5 pixels"));
}

TEST_CASE("A number beyond a PNG's palette is black, not what happens to be in memory") {
  const std::string file = png_file({.width = 2, .colour_type = 3, .rows = {0, char(200)}, .palette = "abc"});
  CHECK(decode_picture(file).bytes == std::vector<std::uint8_t>{'a', 'b', 'c', 0, 0, 0});
}

TEST_CASE("stb_image gets nothing of a PNG that was not checked") {
  CHECK(check_picture(red_png(png_chunk("gAMA", "abcd"), png_chunk("tEXt", "a")) + "tail").content == red_png());
}

}  // namespace l2l::png_file_test
