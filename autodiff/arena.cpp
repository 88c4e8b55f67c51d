#include "autodiff/arena.h"

#include <algorithm>
#include <new>

namespace l2l {

void Arena::Free::operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{kAlign}); }

void Arena::add_chunk(std::size_t size) {
  auto* memory = static_cast<std::byte*>(::operator new (size, std::align_val_t{kAlign}));
  chunks_.push_back({std::unique_ptr<std::byte, Free>(memory), size});
  next_ = memory;
  end_ = memory + size;
  capacity_ += size;
}

void Arena::grow(std::size_t bytes) {
  constexpr std::size_t kFirstChunk = 1 << 16;
  filled_ = used();
  add_chunk(std::max({bytes, capacity_, kFirstChunk}));  // doubling: few chunks however large the tape grows
}

void Arena::clear() {
  if (chunks_.size() > 1) {
    // One chunk that holds a whole round. Its size is what was used, not the sum of the doubled chunks.
    const std::size_t needed = used();
    chunks_.clear();
    next_ = end_ = nullptr;
    capacity_ = 0;
    add_chunk(needed);
  }
  filled_ = 0;
  if (!chunks_.empty()) next_ = chunks_.back().memory.get();
}

std::size_t Arena::used() const {
  return chunks_.empty() ? 0 : filled_ + static_cast<std::size_t>(next_ - chunks_.back().memory.get());
}

}  // namespace l2l
