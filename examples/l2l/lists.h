#pragma once
#include <string>
#include <utility>
#include <vector>

/// Parses flags whose value is several numbers, separated by commas. Throws a UsageError that says what is wrong.
namespace l2l {

/// --coordinates: "3,14"; each once, and no more than can be drawn.
std::vector<int> parse_coordinates(const std::string& text);
/// --range: "LOW,HIGH", or "R" for -R,R.
std::pair<double, double> parse_range(const std::string& text);
/// --unrolls: "1,5,20".
std::vector<int> parse_unrolls(const std::string& text);
/// --style-weights: "2,1"; each above 0.
std::vector<double> parse_style_weights(const std::string& text);

}  // namespace l2l
