#pragma once
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace l2l::testing {

/// An empty folder that is removed at the end of the scope.
struct TemporaryFolder {
  std::filesystem::path path;

  TemporaryFolder() {
    static int counter = 0;
    path = std::filesystem::temp_directory_path() /
           ("l2l_test_" + std::to_string(::getpid()) + "_" + std::to_string(counter++));
    std::filesystem::create_directories(path);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;

  int entries() const {
    return static_cast<int>(
        std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator()));
  }
};

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::remove(path);  // when a file is truncated and rewritten, ext4 flushes it: milliseconds each
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A pipe that nobody writes to: opening it blocks forever.
inline void make_pipe(const std::filesystem::path& path) {
  if (::mkfifo(path.c_str(), 0600) != 0) throw std::filesystem::filesystem_error("mkfifo", path, std::error_code());
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace l2l::testing
