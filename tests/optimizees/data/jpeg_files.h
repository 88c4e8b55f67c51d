#pragma once
#include <initializer_list>
#include <string>

/// JPEG files written by hand (ITU-T T.81, annex B), so that they can be wrong. Unchanged they are all grey: in every
/// block the difference is zero, which is the code 0, and then the block ends, which is the code 0 too.
namespace l2l::testing {

inline std::string jpeg_bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

inline std::string jpeg_segment(int marker, const std::string& data) {
  const int size = static_cast<int>(data.size()) + 2;
  return jpeg_bytes({0xff, marker, size >> 8, size & 255}) + data;
}

inline const std::string kJpegStart = "\xff\xd8", kJpegEnd = "\xff\xd9";

inline std::string jpeg_quantisation() { return jpeg_segment(0xdb, '\0' + std::string(64, '\1')); }

/// A Huffman table with codes 0, 10, 110 … for `symbols`. Kinds: 0x00 the first for DC, 0x10 the first for AC.
inline std::string jpeg_huffman(int kind, const std::string& symbols) {
  std::string counts(16, '\0');
  for (std::size_t k = 0; k < symbols.size(); ++k) counts[k] = '\1';
  return jpeg_segment(0xc4, static_cast<char>(kind) + counts + symbols);
}
inline std::string jpeg_tables() {
  return jpeg_quantisation() + jpeg_huffman(0x00, std::string(1, '\0')) + jpeg_huffman(0x10, std::string(1, '\0'));
}

/// Components are called 1, 2, …, or as `names` says.
inline std::string jpeg_frame(int marker, int height, int width, int components = 1,
                              const std::string& names = "\1\2\3\4", int bits = 8) {
  std::string data = jpeg_bytes({bits, height >> 8, height & 255, width >> 8, width & 255, components});
  for (int k = 0; k < components; ++k) data += names[k] + jpeg_bytes({0x11, 0});
  return jpeg_segment(marker, data);
}

/// A scan's header and its compressed pixels, for the first `components`, or for the one called `only`.
struct JpegScanParts {
  int components = 1, only = 0, first = 0, last = 63, bits = 0;
  std::string names = "\1\2\3\4";
};
inline std::string jpeg_scan(const JpegScanParts& parts, const std::string& pixels) {
  std::string data = jpeg_bytes({parts.components});
  for (int k = 0; k < parts.components; ++k) {
    data += (parts.only > 0 ? static_cast<char>(parts.only) : parts.names[k]) + std::string(1, '\0');
  }
  return jpeg_segment(0xda, data + jpeg_bytes({parts.first, parts.last, parts.bits})) + pixels;
}

/// Of 32 x 8 pixels: four blocks of two bits.
inline std::string flat_jpeg(const std::string& before = "", const std::string& pixels = std::string(1, '\0')) {
  return kJpegStart + before + jpeg_tables() + jpeg_frame(0xc0, 8, 32) + jpeg_scan({}, pixels) + kJpegEnd;
}

}  // namespace l2l::testing
