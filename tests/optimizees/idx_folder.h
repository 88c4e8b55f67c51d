#pragma once
#include <zlib.h>

#include <cstdint>
#include <string>

#include "tests/catch.h"
#include "tests/nn/temporary_folder.h"

namespace l2l::testing {

/// A temporary folder for IDX files made by a test.
struct IdxFolder : TemporaryFolder {
  void write(const std::string& name, const std::string& content) const { write_bytes(path / name, content); }
  void write_gz(const std::string& name, const std::string& content) const {
    gzFile file = gzopen((path / name).c_str(), "wb");
    REQUIRE(gzwrite(file, content.data(), static_cast<unsigned>(content.size())) == static_cast<int>(content.size()));
    REQUIRE(gzclose(file) == Z_OK);
  }

  /// A whole set whose images can be told apart: every pixel of image n is n, of test image n
  /// 128 + n; its label is n % 10.
  void write_set(int train, int test, int height = 2, int width = 3) const {
    write("train-images-idx3-ubyte", images(train, height, width));
    write("train-labels-idx1-ubyte", labels(train));
    write("t10k-images-idx3-ubyte", images(test, height, width, 128));
    write("t10k-labels-idx1-ubyte", labels(test));
  }

  static std::string word(std::uint32_t n) {
    return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
  }
  static std::string images(int count, int height, int width, int first = 0) {
    std::string text = word(0x803) + word(count) + word(height) + word(width);
    for (int n = 0; n < count; ++n) text += std::string(height * width, static_cast<char>(first + n));
    return text;
  }
  static std::string labels(int count) {
    std::string text = word(0x801) + word(count);
    for (int n = 0; n < count; ++n) text += static_cast<char>(n % 10);
    return text;
  }
};

}  // namespace l2l::testing
