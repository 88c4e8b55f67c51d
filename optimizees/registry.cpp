#include "optimizees/registry.h"

#include <charconv>
#include <cmath>

#include "autodiff/error.h"

namespace l2l {

// The table. X(name) is the optimizee that the function `OptimizeeEntry name()` in name.cpp describes.
#define L2L_OPTIMIZEES(X) \
  X(quadratic)            \
  X(mnist)                \
  X(cifar10)              \
  X(neural_art)           \
  X(ensemble)

#define L2L_DECLARE(name) OptimizeeEntry name();
L2L_OPTIMIZEES(L2L_DECLARE)

#define L2L_ROW(name) name(),
const std::vector<OptimizeeEntry>& optimizees() {
  static const std::vector<OptimizeeEntry> table = {L2L_OPTIMIZEES(L2L_ROW)};
  return table;
}

namespace {

/// "a, b, c": what a user may choose from.
template <class Items>
std::string names(const Items& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + item.name;
  return text;
}

/// The whole of `text` as a number.
template <class Number>
bool parse(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

}  // namespace

const OptimizeeEntry& find_optimizee(std::string_view name) {
  for (const OptimizeeEntry& entry : optimizees()) {
    if (entry.name == name) return entry;
  }
  throw UsageError("optimizee '", name, "' is unknown; there are ", names(optimizees()));
}

OptimizeeFactory make_optimizee(const OptimizeeEntry& entry, const OptionValues& values) {
  OptionValues known;
  for (const OptimizeeOption& option : entry.options) known[option.name] = option.default_value;
  for (const auto& [name, value] : values) {
    const auto place = known.find(name);
    if (place == known.end()) {
      throw UsageError("optimizee '", entry.name, "' has no option '--", name, "'; there are ", names(entry.options));
    }
    place->second = value;
  }
  return entry.make(known);
}

Index whole_number(const OptionValues& values, const std::string& name, Index largest) {
  const std::string& text = values.at(name);
  Index number = 0;
  if (!parse(text, number) || number < 1 || number > largest) {
    throw UsageError("--", name, " '", text, "' must be a whole number from 1 to ", largest);
  }
  return number;
}

double positive_number(const OptionValues& values, const std::string& name) {
  const std::string& text = values.at(name);
  double number = 0;
  if (!parse(text, number) || !(number > 0) || !std::isfinite(number)) {
    throw UsageError("--", name, " '", text, "' must be a number above 0");
  }
  return number;
}

double number_from_zero(const OptionValues& values, const std::string& name) {
  const std::string& text = values.at(name);
  double number = 0;
  if (!parse(text, number) || !(number >= 0) || !std::isfinite(number)) {
    throw UsageError("--", name, " '", text, "' must be a number from 0 on");
  }
  return number;
}

}  // namespace l2l
