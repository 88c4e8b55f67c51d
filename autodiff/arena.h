#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace l2l {

/// A bump allocator that rewinds. Memory is handed out in order from large chunks, and no piece is freed by itself.
/// `clear` takes back all of it and keeps it, merged into one chunk: a loop that repeats itself stops allocating after
/// its second round.
class Arena {
 public:
  /// `bytes` of uninitialised memory, aligned to 64 bytes (a cache line, and the widest vector register).
  void* allocate(std::size_t bytes) {
    bytes = (std::max<std::size_t>(bytes, 1) + kAlign - 1) / kAlign * kAlign;  // never a null pointer
    if (bytes > static_cast<std::size_t>(end_ - next_)) grow(bytes);
    std::byte* result = next_;
    next_ += bytes;
    return result;
  }

  /// Takes back everything that was handed out; the memory stays.
  void clear();

  /// Bytes handed out since the last `clear`, and bytes held from the system.
  std::size_t used() const;
  std::size_t capacity() const { return capacity_; }

  static constexpr std::size_t kAlign = 64;

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  struct Chunk {
    std::unique_ptr<std::byte, Free> memory;
    std::size_t size;
  };

  void add_chunk(std::size_t size);
  void grow(std::size_t bytes);

  std::vector<Chunk> chunks_;  // the last one is being filled
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t filled_ = 0;  // bytes handed out from the chunks before the last
};

}  // namespace l2l
