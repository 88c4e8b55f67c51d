#pragma once
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/optimizees/data/picture_files.h"

namespace l2l::fuzz {

/// Where the data of the IDAT chunks are in a PNG file, and the file with the CRCs of all chunks corrected.
struct PngChunks {
  std::string file;
  std::vector<std::size_t> data;

  explicit PngChunks(std::string_view bytes) : file(bytes) {
    const std::size_t signature = 8, frame = 12;  // length, type and CRC of a chunk
    for (std::size_t at = signature; at + frame <= file.size();) {
      std::size_t length = 0;
      for (std::size_t k = 0; k < 4; ++k) length = length << 8 | static_cast<unsigned char>(file[at + k]);
      if (length > file.size() - at - frame) break;
      const std::string type = file.substr(at + 4, 4);
      for (std::size_t k = 0; type == "IDAT" && k < length; ++k) data.push_back(at + 8 + k);
      const auto crc = crc32(0, reinterpret_cast<const Bytef*>(file.data() + at + 4), static_cast<uInt>(length + 4));
      file.replace(at + 8 + length, 4, testing::big_endian(static_cast<std::uint32_t>(crc)));
      at += frame + length;
    }
  }
};

/// Computes the Adler-32 of the data in a zlib stream, if the stream ends and at least four bytes follow it at `end`.
inline bool checksum_of(const std::string& stream, std::size_t& end, std::uint32_t& checksum) {
  const std::size_t header = 2, most = 1 << 20;
  if (stream.size() < header) return false;
  std::string plain(most, '\0');
  z_stream raw = {};
  if (inflateInit2(&raw, -MAX_WBITS) != Z_OK) return false;
  raw.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stream.data() + header));
  raw.avail_in = static_cast<uInt>(stream.size() - header);
  raw.next_out = reinterpret_cast<Bytef*>(plain.data());
  raw.avail_out = static_cast<uInt>(most);
  const bool whole = inflate(&raw, Z_FINISH) == Z_STREAM_END && raw.avail_in >= 4;
  end = header + raw.total_in;
  checksum = static_cast<std::uint32_t>(
      adler32(1, reinterpret_cast<const Bytef*>(plain.data()), static_cast<uInt>(raw.total_out)));
  inflateEnd(&raw);
  return whole;
}

/// The PNG file with corrected checksums of its chunks and of its compressed data: random changes would never guess
/// them.
inline std::string mend_png(std::string_view bytes) {
  PngChunks chunks(bytes);
  std::string stream;
  for (const std::size_t at : chunks.data) stream += chunks.file[at];
  std::size_t end = 0;
  std::uint32_t checksum = 0;
  if (!checksum_of(stream, end, checksum)) return chunks.file;
  const std::string right = testing::big_endian(checksum);
  for (std::size_t k = 0; k < 4; ++k) chunks.file[chunks.data[end + k]] = right[k];
  return PngChunks(chunks.file).file;
}

}  // namespace l2l::fuzz
