#include "tests/fuzz/fuzz.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "nn/files/checksum.h"

namespace l2l::fuzz {
namespace {

namespace fs = std::filesystem;

/// More than any message needs, but less than a file may contain.
constexpr std::size_t kLongestMessage = 2000;

struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / ("l2l-fuzz-" + std::to_string(getpid()));

  TemporaryFolder() { fs::create_directories(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
};

/// Bytes below a space, DEL, and U+0080 to U+009F in UTF-8: terminals act on them.
bool holds_control_characters(std::string_view text) {
  for (std::size_t k = 0; k < text.size(); ++k) {
    const unsigned char c = text[k], next = k + 1 < text.size() ? text[k + 1] : 0;
    if (c < ' ' || c == 127 || (c == 0xc2 && next >= 0x80 && next < 0xa0)) return true;
  }
  return false;
}

}  // namespace

void require(bool fact, const std::string& otherwise) {
  if (fact) return;
  std::fprintf(stderr, "FIND: %s\n", otherwise.c_str());
  std::abort();
}

void require_good_message(const std::string& text) {
  require(!text.empty(), "an error without a message");
  require(text.size() <= kLongestMessage, "a message of " + std::to_string(text.size()) + " bytes: " + text);
  require(!holds_control_characters(text), "a message with control characters: " + text);
  require(!text.ends_with(":") && !text.ends_with(" ") && !text.ends_with("()"), "a message without its end: " + text);
}

const fs::path& folder() {
  static const TemporaryFolder folder;
  return folder.path;
}

fs::path put(const std::string& name, std::string_view bytes) {
  const fs::path path = folder() / name;
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  require(file.good(), "cannot write " + path.string());
  return path;
}

std::string resealed(std::string_view file) {
  std::string result(file);
  if (const auto digits = take_seal(result); digits && !digits->empty()) seal(result);
  return result;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), "cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace l2l::fuzz

/// `TARGET --seeds DIR` writes the seeds; all other arguments are libFuzzer's.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc != 3 || std::string_view((*argv)[1]) != "--seeds") return 0;
  const std::filesystem::path target = (*argv)[2];
  std::filesystem::create_directories(target);
  int count = 0;
  for (const std::string& seed : l2l::fuzz::seeds()) {
    std::filesystem::copy_file(l2l::fuzz::put("seed", seed), target / ("seed-" + std::to_string(count++)),
                               std::filesystem::copy_options::overwrite_existing);
  }
  std::exit(0);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  l2l::fuzz::read({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
