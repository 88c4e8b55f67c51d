#include <algorithm>

#include "autodiff/error.h"
#include "optimizees/data/picture_codec.h"
#include "optimizees/data/picture_file.h"
#include "tests/catch.h"
#include "tests/optimizees/data/jpeg_files.h"
#include "tests/optimizees/data/picture_files.h"
#include "tests/optimizees/data/refusal.h"

namespace l2l::jpeg_file_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string jpeg_start() { return kJpegStart + jpeg_tables(); }
std::string zeros(std::size_t bytes = 1) { return std::string(bytes, '\0'); }

std::string jfif() { return jpeg_segment(0xe0, std::string("JFIF\0\1\1\0\0\1\0\1\0\0", 14)); }
std::string adobe(int transform) {
  return jpeg_segment(0xee, std::string("Adobe\0\x64\0\0\0\0", 11) + static_cast<char>(transform));
}

/// A progressive picture of four blocks: the mean values, then `scans`.
std::string progressive(const std::string& scans, const std::string& tables = "") {
  return jpeg_start() + tables + jpeg_frame(0xc2, 8, 32) + jpeg_scan({.last = 0}, zeros()) + scans + kJpegEnd;
}

}  // namespace

TEST_CASE("A JPEG ends at its end, whatever follows") {
  const Bitmap expected = decode_picture(flat_jpeg());
  CHECK((expected.width == 32 && expected.height == 8 && expected.channels == 1));
  CHECK(std::all_of(expected.bytes.begin(), expected.bytes.end(), [](int grey) { return grey == 128; }));
  for (const char* tail : {"..\xff\xda..", "\xff\xd9", "\xff\xd8\xff\xda", "a film"}) {
    CHECK(refusal(flat_jpeg() + tail) == "");
    CHECK(decode_picture(cmyk_jpeg() + tail).bytes == decode_picture(cmyk_jpeg()).bytes);
  }
  CHECK(refusal(flat_jpeg().substr(0, flat_jpeg().size() - 2) + "..\xff\xda..\xff\xd9") != "");
}

TEST_CASE("A JPEG that is cut anywhere is refused, even if it is closed again or an end of another picture follows") {
  const std::string thumbnail = jpeg_segment(0xe1, "thumbnail " + grey_jpeg());
  for (const std::string& file : {grey_jpeg(), cmyk_jpeg(), oriented_jpeg(6), flat_jpeg(thumbnail)}) {
    for (std::size_t size = 2; size < file.size() - 2; ++size) {
      INFO(size);
      CHECK(refusal(file.substr(0, size)) == "the picture is cut short");
      CHECK(refusal(file.substr(0, size) + kJpegEnd) != "");
    }
  }
}

TEST_CASE("Segments may be padded, and comments and application data may be anywhere") {
  const std::string comment = jpeg_segment(0xfe, "\xff\xd9\xff\xda"), data = jpeg_segment(0xe5, "\xff\xc0");
  const Bitmap expected = decode_picture(flat_jpeg());
  CHECK(decode_picture(flat_jpeg(comment + data + std::string(3, '\0') + "\xff\xff\xff" + comment)).bytes ==
        expected.bytes);
  CHECK(decode_picture(jpeg_start() + jpeg_frame(0xc1, 8, 32) + comment + jpeg_scan({}, zeros()) + data + kJpegEnd)
            .bytes == expected.bytes);
  CHECK(decode_picture(progressive(comment + jpeg_scan({.first = 1}, zeros()))).bytes == expected.bytes);
  CHECK_THAT(refusal(flat_jpeg("x")), ContainsSubstring("something between two segments"));
  CHECK_THAT(refusal(flat_jpeg("\xff\xd8")), !Catch::Matchers::Equals(""));
  CHECK_THAT(refusal(flat_jpeg(std::string("\xff\xfe\0\1", 4))), ContainsSubstring("shorter than its own length"));
  CHECK_THAT(refusal(flat_jpeg(jpeg_segment(0xf0, ""))), ContainsSubstring("an unknown segment"));
}

TEST_CASE("A JPEG's pixels are as many as its header says") {
  SECTION("in one piece") {
    CHECK(refusal(flat_jpeg("", zeros(1))) == "");
    CHECK(refusal(flat_jpeg("", zeros(3))) == "");  // some cameras append zeros
    CHECK_THAT(refusal(flat_jpeg("", "")), ContainsSubstring("end too early"));
    CHECK_THAT(refusal(flat_jpeg("", zeros(1) + "x")), ContainsSubstring("more compressed pixels"));
    CHECK_THAT(refusal(jpeg_start() + jpeg_frame(0xc0, 8, 40) + jpeg_scan({}, zeros()) + kJpegEnd),
               ContainsSubstring("end too early"));
  }
  SECTION("in intervals of one block") {
    const std::string one = jpeg_segment(0xdd, std::string("\0\1", 2)), block = "\x3f";  // 00, and six bits to fill up
    const auto intervals = [&](const std::string& pixels) { return refusal(flat_jpeg(one, pixels)); };
    CHECK(intervals(block + "\xff\xd0" + block + "\xff\xd1" + block + "\xff\xff\xd2" + block) == "");
    CHECK_THAT(intervals(block + "\xff\xd0" + block + "\xff\xd1" + block), ContainsSubstring("is missing"));
    CHECK_THAT(intervals(block + "\xff\xd0" + block + "\xff\xd2" + block + "\xff\xd3" + block),
               ContainsSubstring("is missing"));
    CHECK_THAT(intervals(block + block + "\xff\xd0" + block + "\xff\xd1" + block + "\xff\xd2" + block),
               ContainsSubstring("more compressed pixels"));
    CHECK(intervals(block + "\xff\xd0" + block + "\xff\xd1" + block + "\xff\xd2" + block + "\xff\xd3" + block) != "");
    CHECK(intervals(block + "\xff\xd0" + block + "\xff\xd1" + block + "\xff\xd2") != "");
  }
  SECTION("a length of intervals, or a height after the pixels, is one number") {
    CHECK_THAT(refusal(flat_jpeg(jpeg_segment(0xdd, std::string("\0\1\0", 3)))), ContainsSubstring("is too long"));
    const auto behind = [](const std::string& segment) {
      return refusal(jpeg_start() + jpeg_frame(0xc0, 8, 32) + jpeg_scan({}, zeros()) + segment + kJpegEnd);
    };
    CHECK(behind(jpeg_segment(0xdc, std::string("\0\x8", 2))) == "");
    CHECK_THAT(behind(jpeg_segment(0xdc, std::string("\0\x9", 2))), ContainsSubstring("two heights"));
    CHECK_THAT(behind(jpeg_segment(0xdc, std::string("\0\x8\0", 3))), ContainsSubstring("is too long"));
  }
  SECTION("of each colour") {
    const std::string frame = jpeg_start() + jpeg_frame(0xc0, 8, 8, 3);
    const std::string scans = jpeg_scan({.only = 1}, "\x3f") + jpeg_scan({.only = 2}, "\x3f");
    CHECK(refusal(frame + scans + jpeg_scan({.only = 3}, "\x3f") + kJpegEnd) == "");
    CHECK_THAT(refusal(frame + scans + kJpegEnd), ContainsSubstring("of a colour are missing"));
    CHECK_THAT(refusal(frame + scans + jpeg_scan({.only = 2}, "\x3f") + kJpegEnd), ContainsSubstring("comes twice"));
    CHECK_THAT(refusal(frame + kJpegEnd), ContainsSubstring("of a colour are missing"));
    CHECK_THAT(refusal(jpeg_start() + kJpegEnd), ContainsSubstring("no pixels"));
    CHECK_THAT(refusal(frame + jpeg_scan({.only = 4}, "\x3f") + kJpegEnd),
               ContainsSubstring("colour that is not there"));
    CHECK_THAT(refusal(frame + jpeg_scan({.components = 2, .only = 1}, zeros()) + kJpegEnd),
               ContainsSubstring("twice in a scan"));
  }
}

TEST_CASE("Impossible codes, values and blocks of a JPEG are refused") {
  const auto file = [](const std::string& dc, const std::string& ac, const std::string& pixels) {
    return refusal(kJpegStart + jpeg_quantisation() + jpeg_huffman(0x00, dc) + jpeg_huffman(0x10, ac) +
                   jpeg_frame(0xc0, 8, 8) + jpeg_scan({}, pixels) + kJpegEnd);
  };
  const std::string zero(1, '\0');
  CHECK(file(zero, zero, "\x3f") == "");
  CHECK_THAT(file(zero, zero, "\x7e\x7e\x7e"), ContainsSubstring("its Huffman table does not have"));  // 0, then 111…
  CHECK_THAT(file("\x0c", zero, zeros(3)), ContainsSubstring("out of range"));  // a difference of 12 bits
  CHECK_THAT(file(zero, "\x0b", zeros(3)), ContainsSubstring("out of range"));  // a value of 11 bits
  CHECK_THAT(file(zero, "\x10", zeros(3)), ContainsSubstring("out of range"));  // a run of 1, and no value
  CHECK_THAT(file(zero, "\xf0", "\x07"), ContainsSubstring("more than 64 values"));  // 0, then four runs of 16
  CHECK_THAT(file(zero, "\xf1", zeros(3)), ContainsSubstring("more than 64 values"));
}

TEST_CASE("A Huffman table with too many symbols or codes is refused") {
  // Counts that add up to more than 256: stb_image 2.27 would write and read outside of its table.
  const std::string counts = from_hex("ffd8ffc40310130000000000000000ffffff0000000000");
  CHECK_THAT(refusal(counts + std::string(1000, '\0')), ContainsSubstring("765 symbols, at most 256"));
  const auto table = [](int kind, const std::string& data) {
    return refusal(flat_jpeg(jpeg_segment(0xc4, static_cast<char>(kind) + data)));
  };
  CHECK_THAT(table(0, '\3' + std::string(15, '\0') + "abc"), ContainsSubstring("more codes than there are"));
  CHECK_THAT(table(0, "\1\3" + std::string(14, '\0') + "abcd"), ContainsSubstring("more codes than there are"));
  CHECK(table(0, "\1\2" + std::string(14, '\0') + "abc") == "");
  CHECK_THAT(table(0x20, std::string(16, '\0')), ContainsSubstring("no Huffman table of that number"));
  CHECK_THAT(table(4, std::string(16, '\0')), ContainsSubstring("no Huffman table of that number"));
  CHECK_THAT(table(0, '\1' + std::string(15, '\0')), ContainsSubstring("a segment is too short"));
}

TEST_CASE("A table that a JPEG's scan needs must be there") {
  const std::string zero(1, '\0');
  const std::string pixels = jpeg_frame(0xc0, 8, 8) + jpeg_scan({}, "\x3f") + kJpegEnd;
  const std::string dc = jpeg_huffman(0x00, zero), ac = jpeg_huffman(0x10, zero);
  CHECK(refusal(kJpegStart + jpeg_quantisation() + dc + ac + pixels) == "");
  CHECK_THAT(refusal(kJpegStart + jpeg_quantisation() + ac + pixels), ContainsSubstring("a Huffman table is missing"));
  CHECK_THAT(refusal(kJpegStart + jpeg_quantisation() + dc + pixels), ContainsSubstring("a Huffman table is missing"));
  CHECK_THAT(refusal(kJpegStart + dc + ac + pixels), ContainsSubstring("a quantisation table is missing"));
}

TEST_CASE("Each bit of a progressive JPEG's coefficients comes once, from the highest to the lowest") {
  const auto scan = [](int first, int last, int bits, const std::string& pixels = zeros()) {
    return jpeg_scan({.first = first, .last = last, .bits = bits}, pixels);
  };
  CHECK(refusal(progressive("")) == "");
  CHECK(refusal(progressive(scan(1, 5, 0x02) + scan(6, 63, 0x00) + scan(1, 5, 0x21) + scan(1, 5, 0x10))) == "");
  CHECK_THAT(refusal(progressive(scan(1, 63, 0) + scan(5, 5, 0))), ContainsSubstring("comes twice"));
  CHECK_THAT(refusal(progressive(scan(0, 0, 0))), ContainsSubstring("comes twice"));
  CHECK_THAT(refusal(progressive(scan(1, 63, 0x10))), ContainsSubstring("out of turn"));
  CHECK_THAT(refusal(progressive(scan(1, 63, 0x02) + scan(1, 63, 0x10))), ContainsSubstring("out of turn"));
  CHECK_THAT(refusal(progressive(scan(1, 63, 0x20))), ContainsSubstring("do not exist"));
  CHECK_THAT(refusal(progressive(scan(1, 63, 0x0e))), ContainsSubstring("do not exist"));
  CHECK_THAT(refusal(progressive(scan(0, 63, 0))), ContainsSubstring("do not exist"));
  CHECK_THAT(refusal(progressive(scan(1, 64, 0))), ContainsSubstring("do not exist"));
  CHECK_THAT(refusal(progressive(scan(9, 8, 0))), ContainsSubstring("do not exist"));
  CHECK_THAT(refusal(jpeg_start() + jpeg_frame(0xc2, 8, 32) + scan(1, 63, 0) + kJpegEnd),
             ContainsSubstring("mean values do not come first"));
  CHECK_THAT(refusal(progressive(scan(1, 63, 0, ""))), ContainsSubstring("end too early"));
  CHECK_THAT(refusal(progressive(jpeg_quantisation())), ContainsSubstring("quantisation tables change"));

  SECTION("empty blocks, and values that a later scan refines") {
    // 0: a run of 2 to 3 empty blocks, and a bit that says how many. 10: the next value is not zero, and its sign.
    const std::string runs = jpeg_huffman(0x10, "\x10\x01"), no_runs = jpeg_huffman(0x10, std::string("\0\1", 2));
    CHECK(refusal(progressive(runs + scan(1, 63, 0, "\x0f"))) == "");  // 00 00: twice two blocks
    CHECK_THAT(refusal(progressive(runs + scan(1, 63, 0, "\x5f"))), ContainsSubstring("more blocks are empty"));
    // 101 0 0 0 0: a value in the first block. The refinement: 0 1: nothing new, a bit for the value; 0 0 0.
    const std::string value = scan(1, 63, 0x01, "\xa1");
    CHECK(refusal(progressive(no_runs + value + scan(1, 63, 0x10, "\x47"))) == "");
    CHECK(refusal(progressive(no_runs + value + scan(1, 63, 0x10, "\x7f"))) != "");  // 11 is no code
    // 10 1 1: a new value behind it, and its bit; 0; and the other blocks
    CHECK(refusal(progressive(no_runs + value + scan(1, 63, 0x10, "\xb0"))) == "");
    CHECK_THAT(refusal(progressive(no_runs + value + scan(1, 63, 0x10, ""))), ContainsSubstring("end too early"));
  }
}

TEST_CASE("A progressive JPEG that would take long is refused: too many scans") {
  std::string scans;
  for (int k = 1; k <= 33; ++k) {
    for (const int bits : {0x02, 0x21, 0x10}) scans += jpeg_scan({.first = k, .last = k, .bits = bits}, zeros());
  }
  CHECK(refusal(progressive(scans)) == "");
  scans += jpeg_scan({.first = 34, .last = 34}, zeros());
  CHECK_THAT(refusal(progressive(scans)), ContainsSubstring("more than 100 scans"));
}

TEST_CASE("Which colours a JPEG's components are is never guessed") {
  const auto rgb = [](const std::string& file) {
    const Bitmap bitmap = decode_picture(file);
    return std::vector<int>(bitmap.bytes.begin(), bitmap.bytes.begin() + 3);
  };
  // Components of (1, 0, 1, 1) or (1, 0, 1) times 64 / 8: codes 0 1, 10, 0 1, 0 1, each with a 0 behind it.
  const auto file = [](int components, const std::string& before, const std::string& names = "\1\2\3\4") {
    return kJpegStart + jpeg_segment(0xdb, '\0' + std::string(64, '\x40')) + jpeg_huffman(0, std::string("\1\0", 2)) +
           jpeg_huffman(0x10, std::string(1, '\0')) + before + jpeg_frame(0xc0, 8, 8, components, names) +
           jpeg_scan({.components = components, .names = names}, components == 3 ? "\x51\x7f" : "\x51\x2f") + kJpegEnd;
  };
  // 136, 128, 136 as YCbCr (ITU-T T.871, section 7): 136 + 1.402 * 8, 136 - 0.714 * 8, 136
  const std::vector<int> as_rgb = {136, 128, 136}, as_ycbcr = {147, 130, 136};
  CHECK(rgb(file(3, "")) == as_ycbcr);
  CHECK(rgb(file(3, jfif())) == as_ycbcr);
  CHECK(rgb(file(3, adobe(1))) == as_ycbcr);
  CHECK(rgb(file(3, jfif() + adobe(0))) == as_ycbcr);
  CHECK(rgb(file(3, adobe(0))) == as_rgb);
  CHECK(rgb(file(3, "", "RGB")) == as_rgb);
  CHECK(rgb(file(3, adobe(0), "RGB")) == as_rgb);
  CHECK_THAT(refusal(file(3, jfif(), "RGB")), ContainsSubstring("both RGB and YCbCr"));
  CHECK_THAT(refusal(file(3, adobe(1), "RGB")), ContainsSubstring("both RGB and YCbCr"));
  CHECK_THAT(refusal(file(3, adobe(2))), ContainsSubstring("a colour transform 2 for 3 colours"));
  CHECK_THAT(refusal(file(4, "")), ContainsSubstring("four colours without Adobe's marker"));
  CHECK_THAT(refusal(file(4, jfif())), ContainsSubstring("four colours without Adobe's marker"));
  CHECK_THAT(refusal(file(4, adobe(1))), ContainsSubstring("a colour transform 1 for 4 colours"));
  CHECK(refusal(file(4, adobe(0))) == "");
  CHECK(refusal(file(4, adobe(2))) == "");
  std::string without = cmyk_jpeg();
  without.erase(2, 16);
  CHECK_THAT(refusal(without), ContainsSubstring("four colours without Adobe's marker"));
}

TEST_CASE("A kind of JPEG that cannot be read is named") {
  const auto frame = [](int marker) {
    return refusal(jpeg_start() + jpeg_frame(marker, 8, 32) + jpeg_scan({}, zeros()));
  };
  CHECK_THAT(frame(0xc3), ContainsSubstring("a lossless JPEG"));
  CHECK_THAT(frame(0xc5), ContainsSubstring("a hierarchical JPEG"));
  CHECK_THAT(frame(0xc9), ContainsSubstring("a JPEG with arithmetic coding"));
  CHECK_THAT(frame(0xca), ContainsSubstring("a JPEG with arithmetic coding"));
  CHECK_THAT(frame(0xf7), ContainsSubstring("a JPEG-LS"));
  CHECK_THAT(refusal(jpeg_start() + jpeg_frame(0xc1, 8, 8, 1, "\1", 12)), ContainsSubstring("12 bits for each colour"));
  CHECK_THAT(refusal(jpeg_start() + jpeg_frame(0xc0, 0, 8)), ContainsSubstring("height after its pixels"));
  CHECK_THAT(refusal(jpeg_start() + jpeg_frame(0xc0, 8, 0)), ContainsSubstring("0x8 pixels"));
  CHECK_THAT(refusal(jpeg_start() + jpeg_frame(0xc0, 16385, 1)), ContainsSubstring("16384 on a side"));
  CHECK_THAT(refusal(jpeg_start() + jpeg_frame(0xc0, 8, 8, 2)), ContainsSubstring("a JPEG of 2 colours"));
  CHECK_THAT(refusal(jpeg_start() + jpeg_frame(0xc0, 8, 8, 3, "aba")), ContainsSubstring("one name"));
  const std::string frames = jpeg_frame(0xc0, 8, 32) + jpeg_frame(0xc0, 8, 32);
  CHECK_THAT(refusal(jpeg_start() + frames + jpeg_scan({}, zeros()) + kJpegEnd), ContainsSubstring("two headers"));
}

TEST_CASE("stb_image gets nothing that was not checked") {
  const std::string extra = jpeg_segment(0xfe, "comment") + jpeg_segment(0xe2, "profile") + jfif();
  const PictureFile checked = check_picture(flat_jpeg(extra) + "tail");
  CHECK(checked.content == flat_jpeg());
  CHECK(checked.exif.empty());
}

}  // namespace l2l::jpeg_file_test
