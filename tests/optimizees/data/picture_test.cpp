#include "optimizees/data/picture.h"

#include <cmath>

#include "autodiff/error.h"
#include "optimizees/data/picture_codec.h"
#include "tests/catch.h"
#include "tests/nn/temporary_folder.h"
#include "tests/optimizees/data/picture_files.h"
#include "tests/tolerance.h"

namespace l2l::picture_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A folder with one file in it, which is read.
struct WrittenPicture {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path / "picture";

  explicit WrittenPicture(const std::string& bytes) { write_bytes(path, bytes); }
  Picture read(Index shorter_side = 0) const { return read_picture(path, shorter_side); }
  /// "", or what is wrong, which must begin with the path and be one line.
  std::string reason() const {
    try {
      read();
    } catch (const Error& error) {
      const std::string text = error.what(), start = path.string() + ": ";
      CHECK(text.starts_with(start));
      CHECK(text.find('\n') == std::string::npos);
      return text.substr(start.size());
    }
    return "";
  }
};

/// Pixel (y, x) in 255ths.
std::vector<int> rgb(const Picture& picture, Index y, Index x) {
  std::vector<int> values;
  for (Index c = 0; c < 3; ++c) {
    const Real value = picture.pixels[(c * picture.height + y) * picture.width + x] * 255;
    CHECK(std::abs(value - std::round(value)) < 1e-3);
    values.push_back(static_cast<int>(std::lround(value)));
  }
  return values;
}

using Rgb = std::vector<int>;

}  // namespace

TEST_CASE("RGB, grey, palette, 16-bit and transparent PNGs become RGB from 0 to 1") {
  SECTION("RGB, [3, height, width]") {
    const Picture picture = WrittenPicture(png_file({.width = 2, .rows = {1, 2, 3, 4, 5, char(255)}})).read();
    CHECK(picture.height == 1);
    CHECK(picture.width == 2);
    CHECK(rgb(picture, 0, 0) == Rgb{1, 2, 3});
    CHECK(rgb(picture, 0, 1) == Rgb{4, 5, 255});
    CHECK(picture.pixels[5] == Real(1));
  }
  SECTION("grey, one pixel wide") {
    const Picture picture = WrittenPicture(png_file({.height = 3, .colour_type = 0, .rows = {7, 8, 9}})).read();
    CHECK(picture.height == 3);
    CHECK(rgb(picture, 2, 0) == Rgb{9, 9, 9});
  }
  SECTION("16 bits: the upper 8") {
    const WrittenPicture file(png_file({.depth = 16, .rows = {1, char(200), 2, 3, 4, 5}}));
    CHECK(rgb(file.read(), 0, 0) == Rgb{1, 2, 4});
  }
  SECTION("alpha over white: 51 / 255 of the colour, the rest white") {
    const WrittenPicture file(png_file({.width = 2, .colour_type = 6, .rows = {0, 100, 5, 51, 9, 9, 9, 0}}));
    CHECK(rgb(file.read(), 0, 0) == Rgb{204, 224, 205});
    CHECK(rgb(file.read(), 0, 1) == Rgb{255, 255, 255});
  }
  SECTION("grey with alpha") {
    CHECK(rgb(WrittenPicture(png_file({.colour_type = 4, .rows = {100, 51}})).read(), 0, 0) == Rgb{224, 224, 224});
  }
  SECTION("palette with a transparent colour") {
    const WrittenPicture file(png_file({.width = 2,
                                        .colour_type = 3,
                                        .rows = {0, 1},
                                        .palette = {10, 20, 30, 40, 50, 60},
                                        .transparency = {char(255), 0}}));
    CHECK(rgb(file.read(), 0, 0) == Rgb{10, 20, 30});
    CHECK(rgb(file.read(), 0, 1) == Rgb{255, 255, 255});
  }
}

TEST_CASE("grey and CMYK JPEGs are read as RGB") {
  const Picture grey = WrittenPicture(grey_jpeg()).read();
  CHECK(grey.height == 3);
  CHECK(grey.width == 1);
  CHECK(rgb(grey, 1, 0) == Rgb{100, 100, 100});
  // (1 - ink) (1 - black), of inks 0, 153, 204 and black 51: (204, 81.6, 40.8)
  const Rgb colour = rgb(WrittenPicture(cmyk_jpeg()).read(), 7, 7);
  CHECK(std::abs(colour[0] - 204) <= 1);
  CHECK(std::abs(colour[1] - 82) <= 1);
  CHECK(std::abs(colour[2] - 41) <= 1);
}

// ImageOps.exif_transpose(Image.open(f))                   # Pillow 9.4
TEST_CASE("a photograph is turned upright by its Exif orientation") {
  const auto squares = [](int orientation) {
    const Picture picture = WrittenPicture(oriented_jpeg(orientation)).read();
    std::string names;
    for (Index y = 4; y < picture.height; y += 8) {
      for (Index x = 4; x < picture.width; x += 8) names += "abcdef"[(rgb(picture, y, x)[2] - 10) / 40];
      names += ' ';
    }
    return names;
  };
  CHECK(squares(1) == "ab cd ef ");
  CHECK(squares(2) == "ba dc fe ");
  CHECK(squares(3) == "fe dc ba ");
  CHECK(squares(4) == "ef cd ab ");
  CHECK(squares(5) == "ace bdf ");
  CHECK(squares(6) == "eca fdb ");
  CHECK(squares(7) == "fdb eca ");
  CHECK(squares(8) == "bdf ace ");
  CHECK(squares(9) == "ab cd ef ");  // there is no such orientation
  CHECK(squares(0) == "ab cd ef ");
  SECTION("the shorter side is the same one however it is turned") {
    const Picture small = WrittenPicture(oriented_jpeg(6)).read(8);
    CHECK((small.height == 8 && small.width == 12));
  }
  CHECK(decode_picture(grey_jpeg()).orientation == 1);
  CHECK(decode_picture(png_file({.rows = "xyz"})).orientation == 1);
}

TEST_CASE("the error for no picture, or an incomplete one, is one line that names the file") {
  CHECK_THAT(WrittenPicture("").reason(), ContainsSubstring("neither a JPEG nor a PNG"));
  CHECK_THAT(WrittenPicture("GIF89a").reason(), ContainsSubstring("neither a JPEG nor a PNG"));
  CHECK_THAT(WrittenPicture("\x89PNG\r\n\x1a\n").reason(), ContainsSubstring("cut short"));
  const std::string png = png_file({.width = 50, .height = 2, .rows = std::string(300, 'x')});
  const std::string jpegs[] = {grey_jpeg(), cmyk_jpeg()};
  for (std::size_t size = 0; size < png.size(); ++size) CHECK(WrittenPicture(png.substr(0, size)).reason() != "");
  for (const std::string& jpeg : jpegs) {
    for (std::size_t size = 0; size < jpeg.size(); ++size) CHECK(WrittenPicture(jpeg.substr(0, size)).reason() != "");
  }
  CHECK_THAT(WrittenPicture(jpegs[0].substr(0, jpegs[0].size() - 2)).reason(), ContainsSubstring("cut short"));
  SECTION("a missing file, and a folder") {
    const TemporaryFolder folder;
    CHECK_THROWS_WITH(read_picture(folder.path / "none"), ContainsSubstring("none: cannot be read: No such file"));
    CHECK_THROWS_WITH(read_picture(folder.path), ContainsSubstring("cannot be read: not a regular file"));
    make_pipe(folder.path / "pipe");
    CHECK_THROWS_WITH(read_picture(folder.path / "pipe"),
                      ContainsSubstring("pipe: cannot be read: not a regular file"));
  }
}

TEST_CASE("an enormous file is refused before it is read") {
  const WrittenPicture file(grey_jpeg());
  std::filesystem::resize_file(file.path, std::uintmax_t{1} << 40);  // it takes no room on the disk
  CHECK_THAT(file.reason(), ContainsSubstring("a file of 1099511627776 bytes; at most 1073741824"));
}

TEST_CASE("enormous dimensions are refused before anything is unpacked") {
  CHECK_THAT(WrittenPicture(png_file({.width = 16385, .rows = "x"})).reason(), ContainsSubstring("16384 on a side"));
  CHECK_THAT(WrittenPicture(png_file({.height = 16385, .rows = std::string(16385, 'x')})).reason(),
             ContainsSubstring("16384 on a side"));
  CHECK_THAT(WrittenPicture(png_file({.width = 8193, .height = 8192, .rows = std::string(8192, 'x')})).reason(),
             ContainsSubstring("8193x8192 pixels; at most 67108864 pixels"));
  CHECK_THAT(WrittenPicture(png_file({.width = 0, .rows = "x"})).reason(), !ContainsSubstring("x0"));
}

TEST_CASE("a flipped byte is an error or a picture, and nothing worse") {
  const std::string files[] = {grey_jpeg(), cmyk_jpeg(), oriented_jpeg(6),
                               png_file({.width = 2, .rows = {1, 2, 3, 4, 5, 6}})};
  for (const std::string& file : files) {
    for (std::size_t k = 2; k < file.size(); ++k) {
      std::string damaged = file;
      damaged[k] = static_cast<char>(damaged[k] ^ 0x55);
      try {
        const Bitmap bitmap = decode_picture(damaged);
        CHECK(std::ssize(bitmap.bytes) == bitmap.height * bitmap.width * bitmap.channels);
        CHECK((bitmap.orientation >= 1 && bitmap.orientation <= 8));
      } catch (const Error&) {
      }
    }
  }
}

// from PIL import Image                                    # Pillow 9.4
// im = Image.new("F", (5, 4))
// for y in range(4):
//     for x in range(5): im.putpixel((x, y), ((7*y*y + 3*x*x + x*y) % 11) / 11)
// im.resize((2, 3), Image.BICUBIC)
// im.resize((7, 2), Image.BICUBIC, box=(0.5, 1.25, 3.75, 3.5))
TEST_CASE("resize agrees with Pillow's bicubic filter") {
  Picture picture{4, 5, {}};
  for (int channel = 0; channel < 3; ++channel) {
    for (int y = 0; y < 4; ++y) {
      for (int x = 0; x < 5; ++x) {
        const Real value = static_cast<Real>((7 * y * y + 3 * x * x + x * y) % 11) / 11;
        picture.pixels.push_back(channel == 1 ? 1 - value : value);
      }
    }
  }
  const auto check = [](const Picture& result, const std::vector<double>& expected) {
    const std::size_t n = expected.size();
    REQUIRE(result.pixels.size() == 3 * n);
    for (std::size_t k = 0; k < n; ++k) {
      CHECK(result.pixels[k] == Approx(expected[k]).margin(1e-6));
      CHECK(result.pixels[n + k] == Approx(1 - expected[k]).margin(1e-6));
      CHECK(result.pixels[2 * n + k] == result.pixels[k]);
    }
  };
  check(resize(picture, 3, 2), {0.2257634, 0.3795885, 0.3129065, 0.4677785, 0.3680040, 0.2057605});
  check(resize(picture, 2, 7, {.top = 1.25, .left = 0.5, .height = 2.25, .width = 3.25}),
        {0.5039163, 0.1104504, 0.0140327, 0.4025489, 0.6653680, 0.5702828, 0.4435099, 0.5395814, 0.2704375, 0.0962506,
         0.0843709, 0.1249475, 0.2103615, 0.3037112});
  CHECK(resize(picture, 4, 5).pixels == picture.pixels);
}

TEST_CASE("resize clips what overshoots, and handles a single pixel") {
  const Picture edge{1, 4, {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}};
  for (const Real value : resize(edge, 3, 40).pixels) CHECK((value >= 0 && value <= 1));
  const Picture dot{1, 1, {Real(0.25), Real(0.5), Real(0.75)}};
  CHECK(resize(dot, 2, 2).pixels ==
        std::vector<Real>{0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75});
}

TEST_CASE("a picture is shrunk as it is read") {
  const WrittenPicture file(png_file({.width = 6, .height = 3, .colour_type = 0, .rows = std::string(18, 'x')}));
  const Picture small = file.read(2);
  CHECK(small.height == 2);
  CHECK(small.width == 4);
  for (const Real value : small.pixels) CHECK(value == Approx('x' / 255.0));
  CHECK(file.read(3).width == 6);
  CHECK(file.read(100).width == 6);
}

TEST_CASE("write_png: what is read back is what was written, to 8 bits") {
  const TemporaryFolder folder;
  const auto path = folder.path / "written.png";
  write_png(path, {1, 2, {0, Real(0.5), 1, Real(-0.5), Real(1.5), Real(NAN)}});
  const Picture picture = read_picture(path);
  CHECK(rgb(picture, 0, 0) == Rgb{0, 255, 255});
  CHECK(rgb(picture, 0, 1) == Rgb{128, 0, 0});
  CHECK(folder.entries() == 1);
  CHECK_THROWS_WITH(write_png(folder.path / "no" / "where.png", picture),
                    ContainsSubstring("where.png: cannot be written"));
}

TEST_CASE("pictures_in lists pictures by name") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(pictures_in(folder.path), ContainsSubstring("no picture in this folder"));
  CHECK_THROWS_WITH(pictures_in(folder.path / "none"), ContainsSubstring("none: cannot be read as a folder"));
  for (const char* name : {"c.PNG", "a.jpeg", "b.JPG", "d.txt", "png"}) write_bytes(folder.path / name, "");
  for (const char* name : {"._a.jpeg", ".hidden.png", ".png"}) write_bytes(folder.path / name, "");
  std::filesystem::create_directory(folder.path / "e.png");
  std::vector<std::string> names;
  for (const auto& path : pictures_in(folder.path)) names.push_back(path.filename().string());
  CHECK(names == std::vector<std::string>{"a.jpeg", "b.JPG", "c.PNG"});
}

TEST_CASE("central_square") {
  const Box box = central_square(3, 8);
  CHECK((box.top == 0 && box.left == 2.5 && box.height == 3 && box.width == 3));
}

TEST_CASE("grey has the luminance, with_colours_of the luminance of one and the I and Q of the other") {
  const Picture picture{1, 2, {0.2, 1, 0.4, 0, 0.6, 0.5}}, colours{1, 2, {0.9, 0.1, 0.5, 0.3, 0.1, 0.8}};
  const double first = 0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6, second = 0.299 * 1 + 0.114 * 0.5;
  check_close(grey(picture).pixels, rounded({first, second, first, second, first, second}, 5));
  const Picture mixed = with_colours_of(colours, picture);
  const auto luminance = [](const Picture& p, Index k) { return grey(p).pixels[k]; };
  for (Index k = 0; k < 2; ++k) {
    CHECK(luminance(mixed, k) == rounded(luminance(picture, k), 12, 1));
    const auto chroma = [k](const Picture& p) {  // I and Q (ITU-R BT.601's YIQ)
      const double r = p.pixels[k], g = p.pixels[2 + k], b = p.pixels[4 + k];
      return std::vector<double>{0.5959 * r - 0.2746 * g - 0.3213 * b, 0.2115 * r - 0.5227 * g + 0.3112 * b};
    };
    // The coefficients of YIQ are rounded at the fourth digit: their sums are 0 but for 1e-4.
    for (int i = 0; i < 2; ++i) CHECK(std::abs(chroma(mixed)[i] - chroma(colours)[i]) < 2e-4);
  }
}

}  // namespace l2l::picture_test
