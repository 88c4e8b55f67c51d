#include <zlib.h>

#include <array>
#include <new>

#include "optimizees/data/byte_reader.h"
#include "optimizees/data/exif.h"
#include "optimizees/data/picture_file.h"

// Portable Network Graphics (W3C recommendation, third edition). Sections below are those of this document.
namespace l2l {
namespace {

template <class... Parts>
[[noreturn]] void damaged_png(const Parts&... parts) {
  throw Error("a damaged PNG: ", parts...);
}

enum ColourType { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgbAlpha = 6 };

/// Section 11.2.1, "IHDR".
struct PngHeader {
  Index height, width;
  int depth, colour_type;
  bool interlaced;

  int channels() const {
    return colour_type == kRgb ? 3 : colour_type == kGreyAlpha ? 2 : colour_type == kRgbAlpha ? 4 : 1;
  }
  /// Uncompressed bytes of a picture or of a pass: its pixels, and a byte per row for the filter.
  Index bytes(Index rows, Index columns) const {
    return rows > 0 && columns > 0 ? rows * (1 + (columns * channels() * depth + 7) / 8) : 0;
  }
  Index bytes() const {
    if (!interlaced) return bytes(height, width);
    struct Pass {
      Index top, left, row_step, column_step;
    };  // of Adam7: section 8.1
    constexpr Pass passes[] = {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4},
                               {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}};
    Index total = 0;
    for (const Pass& pass : passes) {
      const auto count = [](Index size, Index first, Index step) { return (size - first + step - 1) / step; };
      total += bytes(count(height, pass.top, pass.row_step), count(width, pass.left, pass.column_step));
    }
    return total;
  }
};

PngHeader parse_png_header(ByteReader data) {
  if (data.left().size() != 13) damaged_png("a header of ", data.left().size(), " bytes instead of 13");
  PngHeader header{};
  header.width = data.number(4);
  header.height = data.number(4);
  header.depth = static_cast<int>(data.number(1));
  header.colour_type = static_cast<int>(data.number(1));
  const std::uint32_t compression = data.number(1), filter = data.number(1), interlace = data.number(1);
  check_size(header.height, header.width);
  const int depth = header.depth;
  const bool whole = depth == 8 || depth == 16, part = depth == 1 || depth == 2 || depth == 4;
  bool possible = false;
  switch (header.colour_type) {
    case kGrey: possible = part || whole; break;
    case kPalette: possible = part || depth == 8; break;
    case kRgb:
    case kGreyAlpha:
    case kRgbAlpha: possible = whole; break;
  }
  if (!possible) damaged_png("there is no colour type ", header.colour_type, " with ", depth, " bits");
  if (compression != 0 || filter != 0 || interlace > 1) damaged_png("an unknown compression, filter or interlacing");
  header.interlaced = interlace == 1;
  return header;
}

/// Section 5.3.
struct PngChunk {
  std::string_view type, data;
};

PngChunk next_png_chunk(ByteReader& file) {
  const std::uint32_t size = file.number(4);
  const std::string_view checked = ByteReader(file).take(std::size_t{size} + 4);
  const PngChunk chunk{file.take(4), file.take(size)};
  for (const char c : chunk.type) {
    if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) damaged_png("there is something between two chunks");
  }
  if (crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size()) != file.number(4)) {
    damaged_png("the checksum of its chunk ", chunk.type, " is wrong");
  }
  return chunk;
}

std::string png_chunk(const std::string& type, std::string_view data) {
  const std::string body = type + std::string(data);
  const auto number = [](std::size_t n) {
    return std::string{static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                       static_cast<char>(n)};
  };
  return number(data.size()) + body + number(crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size()));
}

/// The compressed pixels: one stream, split into chunks anywhere (section 10).
class PixelStream {
 public:
  PixelStream() {
    if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
  }
  ~PixelStream() { inflateEnd(&stream_); }
  PixelStream(const PixelStream&) = delete;
  PixelStream& operator=(const PixelStream&) = delete;

  /// Checks the data of one more chunk; the pixels are not kept. What follows the stream's end is ignored.
  void add(std::string_view data, Index most) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream_.avail_in = static_cast<uInt>(data.size());
    std::array<Bytef, 1 << 15> pixels;
    do {
      if (whole_) return;
      stream_.next_out = pixels.data();
      stream_.avail_out = static_cast<uInt>(pixels.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      whole_ = code == Z_STREAM_END;
      if (!whole_ && code != Z_OK && code != Z_BUF_ERROR) damaged_png("its compressed pixels are not right");
      size_ += std::ssize(pixels) - static_cast<Index>(stream_.avail_out);
      if (size_ > most) damaged_png("it holds more pixels than its header says");
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
  }
  bool whole() const { return whole_; }
  Index size() const { return size_; }

 private:
  z_stream stream_ = {};
  bool whole_ = false;  // it has ended, and its checksum (Adler-32) is right
  Index size_ = 0;
};

/// Section 11.2.2, "PLTE". Numbers beyond the palette are black.
std::string full_palette(std::string_view data) {
  constexpr std::size_t kMaxBytes = 256 * 3;
  if (data.size() % 3 != 0 || data.empty() || data.size() > kMaxBytes)
    damaged_png("a palette of ", data.size(), " bytes");
  std::string palette(data);
  palette.resize(kMaxBytes);
  return palette;
}

/// Section 11.3.1.1, "tRNS": the opacity of the palette's entries, or the one colour that is transparent.
void check_transparency(const PngHeader& header, std::string_view data, std::size_t palette_entries) {
  const std::size_t size = data.size();
  if (header.colour_type == kPalette) {
    if (size < 1 || size > palette_entries) damaged_png(size, " opacities for a palette of ", palette_entries);
    return;
  }
  if (header.colour_type != kGrey && header.colour_type != kRgb) damaged_png("a transparent colour beside opacities");
  if (size != 2 * static_cast<std::size_t>(header.channels())) damaged_png("a transparent colour of ", size, " bytes");
  for (ByteReader values(data); !values.empty();) {
    if (values.number(2) >> header.depth != 0) damaged_png("a transparent colour outside of the range of colours");
  }
}

/// Goes through a file's chunks (section 5.6 says in which order they may stand).
class PngChecker {
 public:
  PictureFile check(ByteReader file) {
    picture_.content = file.take(8);
    read_header(next_png_chunk(file));
    for (PngChunk chunk = next_png_chunk(file); chunk.type != "IEND"; chunk = next_png_chunk(file)) read(chunk);
    if (!pixels_.whole() || pixels_.size() < header_.bytes()) damaged_png("it holds fewer pixels than its header says");
    picture_.content += png_chunk("IDAT", compressed_) + png_chunk("IEND", "");
    return picture_;
  }

 private:
  void read_header(const PngChunk& chunk) {
    if (chunk.type == "CgBI") throw Error("a PNG of Apple's own kind (CgBI); convert it to a common one");
    if (chunk.type != "IHDR") damaged_png("it begins with a chunk ", chunk.type, " instead of IHDR");
    header_ = parse_png_header(ByteReader(chunk.data));
    picture_.height = header_.height;
    picture_.width = header_.width;
    picture_.content += png_chunk("IHDR", chunk.data);
  }

  void read(const PngChunk& chunk) {
    if (chunk.type == "IDAT") return read_pixels(chunk.data);
    pixels_ended_ = !compressed_.empty();
    if (chunk.type == "PLTE") return read_palette(chunk.data);
    if (chunk.type == "tRNS") return read_transparency(chunk.data);
    if (chunk.type == "eXIf") picture_.exif = chunk.data;  // section 11.3.4.5
    if (chunk.type == "tEXt" || chunk.type == "zTXt") read_text(chunk);
    const bool critical = (chunk.type[0] & 0x20) == 0;  // section 5.4
    if (critical) damaged_png("its chunk ", chunk.type, " is unknown, or there twice");
  }

  void read_pixels(std::string_view data) {
    if (pixels_ended_) damaged_png("its pixels are interrupted by another chunk");
    if (header_.colour_type == kPalette && palette_entries_ == 0) damaged_png("its palette is missing");
    pixels_.add(data, header_.bytes());
    compressed_ += data;
  }

  void read_palette(std::string_view data) {
    if (palette_entries_ > 0 || transparent_ || !compressed_.empty()) damaged_png("a chunk PLTE where none may stand");
    picture_.content += png_chunk("PLTE", full_palette(data));
    palette_entries_ = data.size() / 3;
  }

  void read_transparency(std::string_view data) {
    if (transparent_ || !compressed_.empty()) damaged_png("a chunk tRNS where none may stand");
    check_transparency(header_, data, palette_entries_);
    picture_.content += png_chunk("tRNS", data);
    transparent_ = true;
  }

  /// Before the standard had eXIf, Exif was written as a text.
  void read_text(const PngChunk& chunk) {
    if (picture_.exif.empty()) picture_.exif = exif_in_text(chunk.data, chunk.type == "zTXt");
  }

  PngHeader header_{};
  std::size_t palette_entries_ = 0;
  bool transparent_ = false;
  PixelStream pixels_;
  bool pixels_ended_ = false;
  std::string compressed_;
  PictureFile picture_;
};

}  // namespace

PictureFile check_png(std::string_view file) { return PngChecker().check(ByteReader(file)); }

}  // namespace l2l
