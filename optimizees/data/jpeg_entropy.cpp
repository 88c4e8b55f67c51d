#include "optimizees/data/jpeg_entropy.h"

#include <algorithm>

namespace l2l {

EntropyReader::EntropyReader(std::string_view bytes)
    : at_(reinterpret_cast<const std::uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

void EntropyReader::fill() {
  while (count_ <= 56 && at_ < end_) {
    const std::uint64_t byte = *at_;
    if (byte == 0xff) {
      if (end_ - at_ < 2 || at_[1] != 0) return;
      ++at_;
    }
    ++at_;
    buffer_ |= byte << (56 - count_);
    count_ += 8;
  }
}

std::uint32_t EntropyReader::peek(int n) {
  if (count_ < n) fill();
  return n == 0 ? 0 : static_cast<std::uint32_t>(buffer_ >> (64 - n));
}

void EntropyReader::skip(int n) {
  while (n > 0) {
    if (count_ < n) fill();
    const int some = std::min(n, count_);
    if (some == 0) {
      if (end_ - at_ < 2) throw Error("the picture is cut short");
      damaged_jpeg("its compressed pixels end too early");
    }
    buffer_ = some == 64 ? 0 : buffer_ << some;
    count_ -= some;
    n -= some;
  }
}

std::uint32_t EntropyReader::bits(int n) {
  const std::uint32_t value = peek(n);
  skip(n);
  return value;
}

void EntropyReader::end_interval() {
  skip(count_ % 8);
  fill();
  if (count_ > 0) damaged_jpeg("it holds more compressed pixels than its header says");
}

void EntropyReader::end_scan() {
  skip(count_ % 8);
  for (fill(); count_ > 0 && peek(8) == 0; fill()) skip(8);
  end_interval();
}

void EntropyReader::restart(int number) {
  while (end_ - at_ > 1 && at_[1] == 0xff) ++at_;  // fill bytes (section B.1.1.2)
  if (end_ - at_ < 2) throw Error("the picture is cut short");
  if (at_[1] != 0xd0 + number) damaged_jpeg("a part of its compressed pixels is missing");
  at_ += 2;
}

std::string_view EntropyReader::left() const {
  return {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(end_ - at_)};
}

HuffmanTable::HuffmanTable(std::string_view counts, std::string_view symbols) : defined_(true) {
  int code = 0, place = 0;
  for (int size = 1; size <= 16; ++size, code <<= 1) {
    first_[size] = code;
    count_[size] = static_cast<std::uint8_t>(counts[size - 1]);
    offset_[size] = place;
    if (code + count_[size] > 1 << size) damaged_jpeg("a Huffman table has more codes than there are");
    for (int k = 0; k < count_[size]; ++k, ++code, ++place) {
      const auto symbol = static_cast<std::uint8_t>(symbols[place]);
      symbols_[place] = symbol;
      if (size > kFastBits) continue;
      const int rest = kFastBits - size;
      std::fill_n(fast_.begin() + (code << rest), 1 << rest, Code{static_cast<std::uint8_t>(size), symbol});
    }
  }
}

int HuffmanTable::symbol(EntropyReader& in) const {
  const int next = static_cast<int>(in.peek(16));
  if (const Code code = fast_[next >> (16 - kFastBits)]; code.size > 0) {
    in.skip(code.size);
    return code.symbol;
  }
  for (int size = kFastBits + 1; size <= 16; ++size) {
    const int k = (next >> (16 - size)) - first_[size];
    if (k < count_[size]) {
      in.skip(size);
      return symbols_[offset_[size] + k];
    }
  }
  in.skip(16);  // throws if the cause is the end of the data
  damaged_jpeg("its compressed pixels hold a code that its Huffman table does not have");
}

}  // namespace l2l
