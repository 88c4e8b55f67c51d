#include "optimizees/data/jpeg_scan.h"

#include <bit>
#include <cstdlib>

namespace l2l {
namespace {

/// The largest categories of a DC difference and of an AC coefficient for samples of 8 bits (tables F.1 and F.2).
constexpr int kMaxDcBits = 11, kMaxAcBits = 10;

class ScanDecoder {
 public:
  ScanDecoder(const JpegFrame& frame, const JpegScan& scan, std::string_view data)
      : frame_(frame),
        scan_(scan),
        in_(data),
        band_(~std::uint64_t{0} << scan.first & ~std::uint64_t{0} >> (63 - scan.last)) {}

  std::string_view run() {
    const bool alone = scan_.parts.size() == 1;
    const JpegComponent& first = *scan_.parts[0].component;
    const Index units = alone ? first.blocks_wide * first.blocks_high : frame_.units_wide * frame_.units_high;
    const Index interval = scan_.restart_interval > 0 ? scan_.restart_interval : units;
    const auto block = decoder();
    int restarts = 0;
    for (Index unit = 0, left = interval; unit < units; ++unit, --left) {
      if (left == 0) {
        restart(restarts++ % 8);
        left = interval;
      }
      for (JpegScan::Part& part : scan_.parts) {
        const int blocks = alone ? 1 : part.component->horizontal * part.component->vertical;
        for (int k = 0; k < blocks; ++k) (this->*block)(part, unit);
      }
    }
    check_empty_blocks();
    in_.end_scan();
    return in_.left();
  }

 private:
  using Block = void (ScanDecoder::*)(JpegScan::Part&, Index);

  Block decoder() const {
    if (!frame_.progressive) return &ScanDecoder::sequential;
    if (scan_.first == 0) return scan_.high == 0 ? &ScanDecoder::dc_first : &ScanDecoder::dc_refine;
    return scan_.high == 0 ? &ScanDecoder::ac_first : &ScanDecoder::ac_refine;
  }

  void restart(int number) {
    check_empty_blocks();
    in_.end_interval();
    in_.restart(number);
    for (JpegScan::Part& part : scan_.parts) part.prediction = 0;
  }
  void check_empty_blocks() const {
    if (empty_blocks_ > 0) damaged_jpeg("it says that more blocks are empty than there are");
  }

  /// A coefficient of this category (sections F.1.2.1.1 and F.2.2.1).
  int value(int category) {
    const int bits = static_cast<int>(in_.bits(category));
    return category == 0 || bits >> (category - 1) != 0 ? bits : bits - (1 << category) + 1;
  }

  void dc_first(JpegScan::Part& part, Index) {
    const int category = part.dc->symbol(in_);
    if (category > kMaxDcBits) damaged_jpeg("a value of its compressed pixels is out of range");
    part.prediction += value(category);
    if (std::abs(part.prediction) >= 1 << kMaxDcBits) damaged_jpeg("a value of its compressed pixels is out of range");
  }
  void dc_refine(JpegScan::Part&, Index) { in_.skip(1); }

  void sequential(JpegScan::Part& part, Index unit) {
    dc_first(part, unit);
    for (int k = 1; k <= 63; ++k) {
      const int symbol = part.ac->symbol(in_), run = symbol >> 4, category = symbol & 15;
      if (symbol == 0) return;
      k += run;
      check_coefficient(k, run, category);
      in_.skip(category);
    }
  }

  /// Section G.1.2.2.
  void ac_first(JpegScan::Part& part, Index unit) {
    if (empty_blocks_ > 0) {
      --empty_blocks_;
      return;
    }
    std::uint64_t& nonzero = part.component->nonzero[static_cast<std::size_t>(unit)];
    for (int k = scan_.first; k <= scan_.last; ++k) {
      const int symbol = part.ac->symbol(in_), run = symbol >> 4, category = symbol & 15;
      if (category == 0 && run < 15) return begin_empty_blocks(run);
      k += run;
      check_coefficient(k, run, category);
      in_.skip(category);
      if (category > 0) nonzero |= std::uint64_t{1} << k;
    }
  }

  /// Section G.1.2.3: one more bit of each coefficient that is not zero, and the coefficients that become nonzero.
  void ac_refine(JpegScan::Part& part, Index unit) {
    std::uint64_t& nonzero = part.component->nonzero[static_cast<std::size_t>(unit)];
    std::uint64_t left = band_;  // the coefficients to come
    while (empty_blocks_ == 0 && left != 0) {
      const int symbol = part.ac->symbol(in_), run = symbol >> 4, category = symbol & 15;
      if (category == 0 && run < 15) {
        begin_empty_blocks(run);
        ++empty_blocks_;  // of which this one is the first
        break;
      }
      if (category > 1) damaged_jpeg("a value of its compressed pixels is out of range");
      in_.skip(category);  // its sign
      std::uint64_t zeros = left & ~nonzero;
      for (int k = 0; k < run; ++k) zeros &= zeros - 1;
      if (category == 1 && zeros == 0) damaged_jpeg("a block of its compressed pixels has more than 64 values");
      const int place = zeros == 0 ? 64 : std::countr_zero(zeros);
      const std::uint64_t behind = place >= 63 ? 0 : ~std::uint64_t{0} << (place + 1);
      in_.skip(std::popcount(left & nonzero & ~behind));
      left &= behind;
      if (category == 1) nonzero |= std::uint64_t{1} << place;
    }
    if (empty_blocks_ > 0) {
      in_.skip(std::popcount(left & nonzero));
      --empty_blocks_;
    }
  }

  /// This block and those after it have no more values. How many blocks follows the code.
  void begin_empty_blocks(int bits) { empty_blocks_ = (Index{1} << bits) + static_cast<Index>(in_.bits(bits)) - 1; }

  void check_coefficient(int k, int run, int category) const {
    if (k > scan_.last) damaged_jpeg("a block of its compressed pixels has more than 64 values");
    if (category > kMaxAcBits || (category == 0 && run < 15)) {
      damaged_jpeg("a value of its compressed pixels is out of range");
    }
  }

  const JpegFrame& frame_;
  JpegScan scan_;
  EntropyReader in_;
  std::uint64_t band_;  // the coefficients of the scan
  Index empty_blocks_ = 0;
};

}  // namespace

std::string_view check_scan(const JpegFrame& frame, const JpegScan& scan, std::string_view data) {
  return ScanDecoder(frame, scan, data).run();
}

}  // namespace l2l
