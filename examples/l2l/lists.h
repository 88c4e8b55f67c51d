#pragma once
#include <string>
#include <utility>
#include <vector>

/// Values of flags that are several numbers with commas between them. What is wrong with one is a UsageError.
namespace l2l {

/// Of --coordinates: "3,14", each once, no more than can be drawn.
std::vector<int> parse_coordinates(const std::string& text);
/// Of --range: "LOW,HIGH", or "R" for -R,R.
std::pair<double, double> parse_range(const std::string& text);
/// Of --unrolls: "1,5,20".
std::vector<int> parse_unrolls(const std::string& text);

}  // namespace l2l
