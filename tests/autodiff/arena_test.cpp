#include "autodiff/arena.h"

#include <cstdint>
#include <cstring>

#include "tests/catch.h"

namespace l2l::arena_test {

using l2l::Arena;

TEST_CASE("arena: memory is aligned, apart and writable") {
  Arena arena;
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (std::size_t bytes : {1, 64, 65, 1000, 1 << 16, 3, 1 << 20, 7}) {
    auto* p = static_cast<unsigned char*>(arena.allocate(bytes));
    CHECK(reinterpret_cast<std::uintptr_t>(p) % Arena::kAlign == 0);
    std::memset(p, static_cast<int>(blocks.size()), bytes);
    blocks.emplace_back(p, bytes);
  }
  for (std::size_t k = 0; k < blocks.size(); ++k) {
    const auto [p, bytes] = blocks[k];
    CHECK(p[0] == k);
    CHECK(p[bytes - 1] == k);
  }
}

TEST_CASE("arena: no bytes still make a place of their own") {
  Arena arena;
  void* a = arena.allocate(0);
  void* b = arena.allocate(0);
  CHECK(a != nullptr);
  CHECK(a != b);
}

TEST_CASE("arena: used and capacity count bytes in whole cache lines") {
  Arena arena;
  CHECK(arena.used() == 0);
  CHECK(arena.capacity() == 0);
  arena.allocate(1);
  CHECK(arena.used() == 64);
  arena.allocate(65);
  CHECK(arena.used() == 64 + 128);
  arena.allocate(1 << 20);  // a second chunk; what is left of the first does not count
  CHECK(arena.used() == 64 + 128 + (1 << 20));
  CHECK(arena.capacity() >= arena.used());
  arena.clear();
  CHECK(arena.used() == 0);
}

TEST_CASE("arena: clear merges the chunks, and the same round then fits without growing") {
  Arena arena;
  const auto round = [&] {
    for (int k = 0; k < 50; ++k) arena.allocate(10'000 + 64 * k);
    return arena.used();
  };
  const std::size_t needed = round();
  CHECK(arena.capacity() > needed);  // doubled chunks
  arena.clear();
  CHECK(arena.capacity() == needed);
  CHECK(round() == needed);
  CHECK(arena.capacity() == needed);

  // From now on the same addresses come back, also after a smaller round.
  arena.clear();
  void* first = arena.allocate(100);
  arena.clear();
  CHECK(arena.allocate(200) == first);
  arena.clear();
  round();
  CHECK(arena.capacity() == needed);

  // A larger round grows, once.
  arena.allocate(1);
  CHECK(arena.capacity() > needed);
  arena.clear();
  CHECK(arena.capacity() == needed + 64);
}

TEST_CASE("arena: clearing an empty one is nothing") {
  Arena arena;
  arena.clear();
  CHECK(arena.capacity() == 0);
  CHECK(arena.allocate(1) != nullptr);
}

}  // namespace l2l::arena_test
