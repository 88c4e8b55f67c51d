#pragma once
#include <string>

#include "tests/catch.h"
#include "tests/nn/temporary_folder.h"

namespace l2l::testing {

/// A temporary folder for files of CIFAR-10's binary version made by a test.
struct CifarFolder : TemporaryFolder {
  static constexpr int kPixels = 3 * 32 * 32;

  void write(const std::string& name, const std::string& content) const { write_bytes(path / name, content); }

  /// A record whose red is `shade`, green `shade` + 1 and blue `shade` + 2.
  static std::string record(int label, int shade) {
    std::string text(1, static_cast<char>(label));
    for (int c = 0; c < 3; ++c) text += std::string(32 * 32, static_cast<char>(shade + c));
    return text;
  }
  /// Records of noise that can be told apart, with the labels 0 to 9 in turn.
  static std::string records(int count, unsigned seed) {
    std::string text;
    for (int n = 0; n < count; ++n) {
      text += static_cast<char>(n % 10);
      for (int k = 0; k < kPixels; ++k) text += static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
    }
    return text;
  }
  void write_set(int train, int test) const {
    write("data_batch_1.bin", records(train, 1));
    write("test_batch.bin", records(test, 2));
  }
};

}  // namespace l2l::testing
