#pragma once
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace l2l::testing {

/// A PNG file written by hand (W3C recommendation "Portable Network Graphics", sections 5 and 11), so that it can be
/// wrong. `rows` are the scanlines without their filter bytes.
struct PngParts {
  std::uint32_t width = 1, height = 1;
  std::uint8_t depth = 8, colour_type = 2;  // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  std::string rows = "", palette = "", transparency = "";
};

inline std::string big_endian(std::uint32_t x) {
  return {static_cast<char>(x >> 24), static_cast<char>(x >> 16), static_cast<char>(x >> 8), static_cast<char>(x)};
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(static_cast<std::uint32_t>(crc));
}

inline std::string zlib_stream(const std::string& data) {
  std::string packed(compressBound(data.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(data.data()), data.size());
  packed.resize(size);
  return packed;
}

inline std::string png_file(const PngParts& parts) {
  std::string lines;
  const std::size_t line = parts.rows.size() / parts.height;
  for (std::size_t y = 0; y < parts.height; ++y) lines += '\0' + parts.rows.substr(y * line, line);
  std::string head = big_endian(parts.width) + big_endian(parts.height);
  head += {static_cast<char>(parts.depth), static_cast<char>(parts.colour_type), 0, 0, 0};
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", head) +
         (parts.palette.empty() ? "" : png_chunk("PLTE", parts.palette)) +
         (parts.transparency.empty() ? "" : png_chunk("tRNS", parts.transparency)) +
         png_chunk("IDAT", zlib_stream(lines)) + png_chunk("IEND", "");
}

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t k = 0; k + 1 < hex.size(); k += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(k, 2)), nullptr, 16));
  }
  return bytes;
}

/// JPEG files as Pillow writes them:
///     Image.new("CMYK", (8, 8), (0, 153, 204, 51)).save(f, "JPEG", quality=100, optimize=True)
///     Image.new("L", (1, 3), 100).save(f, "JPEG", quality=100, optimize=True)
/// Quality 100 has a quantisation table of 64 ones.
inline std::string jpeg_file(std::string_view head, std::string_view rest) {
  return from_hex(head) + from_hex("ffdb004300") + std::string(64, '\1') + from_hex(rest);
}
inline std::string cmyk_jpeg() {
  return jpeg_file("ffd8ffee000e41646f626500640000000000",
                   "ffc000140800080008044311004d11005911004b1100ffc4001500010100000000000000000000000000000a08"
                   "ffc40014100100000000000000000000000000000000ffda000e0443004d0059004b00003f007f08bc65c981ffd9");
}
inline std::string grey_jpeg() {
  return jpeg_file("ffd8ffe000104a46494600010100000100010000",
                   "ffc0000b080003000101011100ffc40014000100000000000000000000000000000008"
                   "ffc40014100100000000000000000000000000000000ffda0008010100003f000fbfffd9");
}

/// Six squares of 8x8 pixels, of grey 10, 50, 90, 130, 170, 210, row by row, two in a row, with an orientation in Exif:
///     exif = Image.Exif(); exif[274] = orientation; im.save(f, "JPEG", quality=100, optimize=True, exif=exif)
inline std::string oriented_jpeg(int orientation) {
  return jpeg_file(
      "ffd8ffe000104a46494600010100000100010000ffe100224578696600004d4d002a0000000800010112000300000001000" +
          std::to_string(orientation) + "000000000000",
      "ffc0000b080018001001011100ffc400150001010000000000000000000000000000090a"
      "ffc40014100100000000000000000000000000000000ffda0008010100003f0084f280500a0140280fffd9");
}

}  // namespace l2l::testing
