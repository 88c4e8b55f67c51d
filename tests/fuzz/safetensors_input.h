#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"

namespace l2l::fuzz {

/// A safetensors file begins with the length of its header, which is wrong as soon as the header changes. So an input
/// that begins with '{' is the header, a newline and the data; its length and checksum are computed. Any other input is
/// a file as it is.
inline std::string safetensors_file(std::string_view input) {
  if (!input.starts_with('{')) return std::string(input);
  const std::size_t newline = std::min(input.find('\n'), input.size());
  const std::uint64_t length = newline;
  std::string file(reinterpret_cast<const char*>(&length), sizeof(length));
  file += input.substr(0, newline);
  if (newline < input.size()) file += input.substr(newline + 1);
  return resealed(file);
}

/// The input that stands for a file.
inline std::string safetensors_input(std::string_view file) {
  std::uint64_t length = 0;
  file.copy(reinterpret_cast<char*>(&length), sizeof(length));
  return std::string(file.substr(sizeof(length), length)) + "\n" + std::string(file.substr(sizeof(length) + length));
}

}  // namespace l2l::fuzz
