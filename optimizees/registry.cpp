#include "optimizees/registry.h"

#include <charconv>
#include <cmath>

#include "nn/fits_real.h"
#include "nn/spelling.h"

namespace l2l {

// The table. X(name) is the optimizee that the function `OptimizeeEntry name()` in name.cpp describes.
#define L2L_OPTIMIZEES(X) \
  X(quadratic)            \
  X(mnist)                \
  X(cifar10)              \
  X(autoencoder)          \
  X(neural_art)           \
  X(landscape)            \
  X(ensemble)

#define L2L_DECLARE(name) OptimizeeEntry name();
L2L_OPTIMIZEES(L2L_DECLARE)

#define L2L_ROW(name) name(),
const std::vector<OptimizeeEntry>& optimizees() {
  static const std::vector<OptimizeeEntry> table = {L2L_OPTIMIZEES(L2L_ROW)};
  return table;
}

namespace {

/// "a, b, c": what a user may choose from; and the one that was meant by a misspelt `name`.
template <class Items>
std::string choice(const Items& items, std::string_view name) {
  std::vector<std::string> names;
  std::string text;
  for (const auto& item : items) {
    names.push_back(item.name);
    text += (text.empty() ? "" : ", ") + item.name;
  }
  return text + did_you_mean(name, names);
}

/// The whole of `text` as a number.
template <class Number>
bool parse(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

/// A number that `fits`, else an OptionError that says what would be right.
template <class Fits>
double real_number(const OptionValues& values, const std::string& name, Fits fits, const char* what) {
  const std::string& text = values.at(name);
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool out_of_range = error == std::errc::result_out_of_range;
  if (error == std::errc::invalid_argument || stop != end || !std::isfinite(number) ||
      !(out_of_range || fits(number))) {
    throw OptionError(name, " '", text, "' must be a number ", what);
  }
  if (out_of_range || !fits_real(number)) {
    throw OptionError(name, " '", text, "' is too large or too close to 0 to be computed with");
  }
  return number;
}

}  // namespace

const OptimizeeEntry& find_optimizee(std::string_view name) {
  for (const OptimizeeEntry& entry : optimizees()) {
    if (entry.name == name) return entry;
  }
  throw UsageError("optimizee '", name, "' is unknown; there are ", choice(optimizees(), name));
}

Family make_optimizee(const OptimizeeEntry& entry, const OptionValues& values) {
  OptionValues known;
  for (const OptimizeeOption& option : entry.options) known[option.name] = option.default_value;
  for (const auto& [name, value] : values) {
    const auto place = known.find(name);
    if (place == known.end()) {
      throw UsageError("optimizee '", entry.name, "' has no option '", name, "'; there are ",
                       choice(entry.options, name));
    }
    place->second = value;
  }
  return entry.make(known);
}

Index whole_number(const OptionValues& values, const std::string& name, Index largest, Index smallest) {
  const std::string& text = values.at(name);
  Index number = 0;
  if (!parse(text, number) || number < smallest || number > largest) {
    throw OptionError(name, " '", text, "' must be a whole number from ", smallest, " to ", largest);
  }
  return number;
}

double positive_number(const OptionValues& values, const std::string& name) {
  return real_number(
      values, name, [](double x) { return x > 0; }, "above 0");
}

double number_from_zero(const OptionValues& values, const std::string& name) {
  return real_number(
      values, name, [](double x) { return x >= 0; }, "from 0 on");
}

}  // namespace l2l
