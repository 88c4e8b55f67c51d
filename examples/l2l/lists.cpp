#include "examples/l2l/lists.h"

#include <algorithm>

#include "autodiff/error.h"
#include "examples/l2l/run/settings.h"

namespace l2l {
namespace {

/// The numbers of "1,2,3".
template <class T>
std::vector<T> parse_list(const std::string& flag, const std::string& text, Range range) {
  std::vector<T> numbers;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    numbers.push_back(parse_number<T>(flag + " " + text, text.substr(start, end - start), range));
    start = end + 1;
  }
  return numbers;
}

}  // namespace

std::vector<int> parse_coordinates(const std::string& text) {
  const std::vector<int> coordinates = parse_list<int>("--coordinates", text, Range{0, 2e9});
  for (auto k = coordinates.begin(); k != coordinates.end(); ++k) {
    if (std::find(coordinates.begin(), k, *k) != k) {
      throw UsageError("--coordinates ", text, ": ", *k, " is there twice");
    }
  }
  if (coordinates.size() > kPanels.high) {
    throw UsageError("--coordinates: ", coordinates.size(), " are given, at most ", kPanels.high, " are drawn");
  }
  return coordinates;
}

std::pair<double, double> parse_range(const std::string& text) {
  std::vector<double> bounds = parse_list<double>("--range", text, Range{-1e9, 1e9});
  if (bounds.size() == 1) bounds.insert(bounds.begin(), -bounds[0]);
  if (bounds.size() != 2 || !(static_cast<Real>(bounds[0]) < static_cast<Real>(bounds[1]))) {
    throw UsageError("--range: '", text, "' is not LOW,HIGH with LOW below HIGH, nor a number R above 0 for -R,R");
  }
  return {bounds[0], bounds[1]};
}

std::vector<int> parse_unrolls(const std::string& text) { return parse_list<int>("--unrolls", text, kCount); }
std::vector<double> parse_style_weights(const std::string& text) {
  return parse_list<double>("--style-weights", text, kPositive);
}

}  // namespace l2l
