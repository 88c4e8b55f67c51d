#include <array>
#include <string>

#include "optimizees/data/byte_reader.h"
#include "optimizees/data/jpeg_colours.h"
#include "optimizees/data/jpeg_scan.h"
#include "optimizees/data/picture_file.h"

// JPEG (ITU-T T.81) is a sequence of segments, each after a marker (annex B). Sections below are those of T.81.
namespace l2l {
namespace {

using namespace std::string_view_literals;

constexpr int kMaxScans = 100;  // of a progressive JPEG; encoders write about ten

/// Table B.1.
enum Marker {
  kBaseline = 0xc0,
  kExtended = 0xc1,
  kProgressive = 0xc2,
  kHuffmanTables = 0xc4,
  kEnd = 0xd9,
  kScan = 0xda,
  kQuantisationTables = 0xdb,
  kNumberOfLines = 0xdc,
  kRestartInterval = 0xdd,
  kApp0 = 0xe0,
  kApp1 = 0xe1,
  kApp14 = 0xee,
  kApp15 = 0xef,
  kComment = 0xfe
};

/// The next marker. Fill bytes 0xff may precede it (section B.1.1.2), and cameras pad segments with zeros.
int next_marker(ByteReader& file) {
  int byte = file.byte();
  while (byte == 0) byte = file.byte();
  if (byte != 0xff) damaged_jpeg("there is something between two segments");
  while (byte == 0xff) byte = file.byte();
  return byte;
}

/// The name of a kind of JPEG that cannot be read, by its marker; null for any other marker.
const char* foreign_kind(int marker) {
  switch (marker) {
    case 0xc3: return "a lossless JPEG";
    case 0xc5:
    case 0xc6:
    case 0xc7:
    case 0xde:
    case 0xdf: return "a hierarchical JPEG";
    case 0xc9:
    case 0xca:
    case 0xcb:
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: return "a JPEG with arithmetic coding";
    case 0xf7: return "a JPEG-LS";
    default: return nullptr;
  }
}

class JpegChecker {
 public:
  PictureFile check(ByteReader file) {
    file.take(2);
    for (int marker = next_marker(file); marker != kEnd; marker = next_marker(file)) {
      const std::uint32_t size = file.number(2);
      if (size < 2) damaged_jpeg("a segment is shorter than its own length");
      const std::string_view data = file.take(size - 2);
      read(marker, ByteReader(data, "a damaged JPEG: a segment is too short"));
      if (marker == kScan) file = ByteReader(read_pixels(file.left()));
    }
    for (const JpegComponent& component : frame_.components) {
      if (component.lowest_bit[0] < 0) damaged_jpeg("the pixels of a colour are missing");
    }
    if (scans_ == 0) damaged_jpeg("it has no pixels");
    picture_.content = "\xff\xd8" + colours_.segment(frame_) + body_ + "\xff\xd9";
    return picture_;
  }

 private:
  void read(int marker, ByteReader data) {
    if (const char* const kind = foreign_kind(marker)) {
      throw Error(kind, "; only baseline, extended and progressive ones can be read");
    }
    switch (marker) {
      case kBaseline:
      case kExtended:
      case kProgressive: read_frame(marker, data); break;
      case kHuffmanTables: read_huffman_tables(data); break;
      case kQuantisationTables: read_quantisation_tables(data); break;
      case kRestartInterval: scan_.restart_interval = only_number(data); break;
      case kNumberOfLines:
        if (only_number(data) != frame_.height) damaged_jpeg("it gives two heights");
        return;
      case kScan: read_scan(data); break;
      case kApp0:
      case kApp1:
      case kApp14: read_application(marker, data.left()); return;
      default:
        if (marker == kComment || (marker >= kApp0 && marker <= kApp15)) return;
        damaged_jpeg("it has an unknown segment");
    }
    append(body_, marker, data.left());
  }

  static void append(std::string& file, int marker, std::string_view data) {
    const std::size_t size = data.size() + 2;
    file += {'\xff', static_cast<char>(marker), static_cast<char>(size >> 8), static_cast<char>(size)};
    file += data;
  }

  /// A segment that holds one number (sections B.2.4.4 and B.2.5).
  static Index only_number(ByteReader data) {
    const Index number = data.number(2);
    if (!data.empty()) damaged_jpeg("a segment of one number is too long");
    return number;
  }

  void read_frame(int marker, ByteReader data) {
    if (!frame_.components.empty()) damaged_jpeg("it has two headers");
    frame_ = parse_frame(marker == kProgressive, data);
    picture_.height = frame_.height;
    picture_.width = frame_.width;
  }

  /// Section B.2.4.2.
  void read_huffman_tables(ByteReader data) {
    while (!data.empty()) {
      const int kind = data.byte();
      const std::string_view counts = data.take(16);
      std::size_t symbols = 0;
      for (const char count : counts) symbols += static_cast<std::uint8_t>(count);
      if (kind >> 4 > 1 || (kind & 15) > 3) damaged_jpeg("there is no Huffman table of that number");
      if (symbols > 256) damaged_jpeg("a Huffman table has ", symbols, " symbols, at most 256 are possible");
      huffman_[kind >> 4][kind & 15] = HuffmanTable(counts, data.take(symbols));
    }
  }

  /// Section B.2.4.1.
  void read_quantisation_tables(ByteReader data) {
    // Decoders differ: some use those at the first scan of a progressive JPEG, others those at its end.
    const bool late = frame_.progressive && scans_ > 0;
    if (late) throw Error("a progressive JPEG whose quantisation tables change; save it again");
    while (!data.empty()) {
      const int kind = data.byte(), bytes = (kind >> 4) + 1;
      if (bytes > 2 || (kind & 15) > 3) damaged_jpeg("there is no quantisation table of that number");
      data.take(std::size_t{64} * bytes);
      quantisation_[kind & 15] = true;
    }
  }

  /// Section B.2.3; G.1.1.1 says which scans a progressive JPEG may have.
  void read_scan(ByteReader data) {
    if (++scans_ > kMaxScans) throw Error("a JPEG of more than ", kMaxScans, " scans; save it again");
    scan_.parts.clear();
    const int count = data.byte();
    int blocks = 0;
    for (int k = 0; k < count; ++k) {
      JpegComponent& component = component_of(data.byte());
      const int tables = data.byte();
      if (tables >> 4 > 3 || (tables & 15) > 3) damaged_jpeg("there is no Huffman table of that number");
      scan_.parts.push_back({&component, &huffman_[0][tables >> 4], &huffman_[1][tables & 15]});
      blocks += component.horizontal * component.vertical;
    }
    if (count < 1 || (count > 1 && blocks > 10)) damaged_jpeg("a scan of ", count, " colours and ", blocks, " blocks");
    scan_.first = data.byte();
    scan_.last = data.byte();
    const int bits = data.byte();
    scan_.high = bits >> 4;
    scan_.low = bits & 15;
    if (!data.empty()) damaged_jpeg("a scan's header is too long");
    if (!frame_.progressive) {
      if (scan_.first != 0 || bits != 0) damaged_jpeg("a scan that only a progressive JPEG may have");
      scan_.last = 63;  // some encoders write 0
    }
    for (const JpegScan::Part& part : scan_.parts) advance(*part.component);
    check_tables();
  }

  JpegComponent& component_of(int id) {
    for (JpegComponent& component : frame_.components) {
      if (component.id != id) continue;
      for (const JpegScan::Part& part : scan_.parts) {
        if (part.component == &component) damaged_jpeg("a colour is twice in a scan");
      }
      return component;
    }
    damaged_jpeg("a scan of a colour that is not there");
  }

  /// Records which bits of a component's coefficients this scan has. Each bit may come once.
  void advance(JpegComponent& component) {
    const bool dc = scan_.first == 0;
    const bool possible = scan_.first <= scan_.last && scan_.last <= 63 && scan_.low <= 13 &&
                          (scan_.high == 0 || scan_.high == scan_.low + 1);
    const bool separate = !frame_.progressive || (dc ? scan_.last == 0 : scan_.parts.size() == 1);
    if (!possible || !separate) damaged_jpeg("a scan of coefficients or bits that do not exist");
    if (!dc && component.lowest_bit[0] < 0) damaged_jpeg("a colour's mean values do not come first");
    for (int k = scan_.first; k <= scan_.last; ++k) {
      int& lowest = component.lowest_bit[k];
      if (scan_.high == 0 ? lowest >= 0 : lowest != scan_.high) damaged_jpeg("a scan comes twice, or out of turn");
      lowest = scan_.low;
    }
    if (!dc && component.nonzero.empty()) component.nonzero.resize(component.blocks_wide * component.blocks_high);
  }

  void check_tables() const {
    const bool dc = scan_.first == 0 && scan_.high == 0, ac = scan_.last > 0;
    for (const JpegScan::Part& part : scan_.parts) {
      if ((dc && !part.dc->defined()) || (ac && !part.ac->defined())) damaged_jpeg("a Huffman table is missing");
      if (!quantisation_[part.component->quantisation]) damaged_jpeg("a quantisation table is missing");
    }
  }

  /// Returns what follows the scan.
  std::string_view read_pixels(std::string_view data) {
    const std::string_view rest = check_scan(frame_, scan_, data);
    body_ += data.substr(0, data.size() - rest.size());
    return rest;
  }

  void read_application(int marker, std::string_view data) {
    if (marker == kApp1 && data.starts_with("Exif\0"sv) && data.size() > 6 && picture_.exif.empty()) {
      picture_.exif = data.substr(6);  // Exif 2.32, section 4.7.2
    }
    if (scans_ == 0) colours_.read(marker, data);
  }

  PictureFile picture_;
  std::string body_;  // of the content: tables, header and scans
  JpegFrame frame_;
  JpegScan scan_;  // the last one; its restart interval also holds for the next, unless that has its own
  int scans_ = 0;
  std::array<std::array<HuffmanTable, 4>, 2> huffman_;  // DC and AC, by number
  std::array<bool, 4> quantisation_{};  // whether there is a table of the number
  JpegColours colours_;
};

}  // namespace

PictureFile check_jpeg(std::string_view file) { return JpegChecker().check(ByteReader(file)); }

}  // namespace l2l
