#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "optimizees/registry.h"

namespace l2l {

/// The name of φ as a whole, beside the names of its parameters.
inline constexpr char kWholePhi[] = "all";

/// What l2l asks l2l-double to compute.
struct DoubleRequest {
  std::string optimizer;  // the file
  std::string optimizee;
  OptionValues options;
  int steps = 0;
  double discount = 1;
  std::uint64_t seed = 0;
  int threads = 1;
  std::vector<int> unrolls;
};

/// The request as arguments of l2l-double.
std::vector<std::string> arguments_of(const DoubleRequest& request);
/// The arguments as a request. Throws an Error if they come from an l2l that was built from other sources.
DoubleRequest request_of(const std::vector<std::string>& arguments);

}  // namespace l2l
