#include "examples/l2l/run/option_paths.h"

#include <algorithm>
#include <filesystem>

#include "autodiff/error.h"
#include "examples/l2l/run/settings.h"
#include "nn/spelling.h"

namespace l2l {

namespace {

std::string join(const std::vector<std::string>& parts, char separator) {
  std::string text;
  for (const std::string& part : parts) text += (&part == &parts.front() ? "" : std::string(1, separator)) + part;
  return text;
}

/// "mnist:data=images" → "mnist:data=/home/me/images". What does not read like that stays, for `make` to complain
/// about; as does a path whose absolute form could not stand in a list of members.
std::string absolute_member(const std::string& text) {
  std::vector<std::string> parts = split(text, ':');
  const auto entry = std::ranges::find(optimizees(), parts[0], &OptimizeeEntry::name);
  if (entry == optimizees().end()) return text;
  for (std::size_t k = 1; k < parts.size(); ++k) {
    const std::size_t equals = parts[k].find('=');
    if (equals == std::string::npos) continue;
    const std::string name = parts[k].substr(0, equals);
    const OptionValues absolute = absolute_paths(*entry, {{name, parts[k].substr(equals + 1)}});
    const std::string& value = absolute.at(name);
    if (value.find_first_of(",:") == std::string::npos) parts[k] = name + "=" + value;
  }
  return join(parts, ':');
}

}  // namespace

OptionValues absolute_paths(const OptimizeeEntry& entry, OptionValues options) {
  for (const OptimizeeOption& option : entry.options) {
    const auto value = options.find(option.name);
    if (value == options.end() || value->second == option.default_value) continue;
    if (option.kind == OptimizeeOption::Kind::path) {
      if (value->second.empty()) throw UsageError("--", option.name, " is empty: it takes a path");
      value->second = parse_text("--" + option.name, std::filesystem::absolute(value->second).string());
    } else if (option.kind == OptimizeeOption::Kind::members) {
      std::vector<std::string> members = split(value->second, ',');
      for (std::string& member : members) member = absolute_member(member);
      value->second = join(members, ',');
    }
  }
  return options;
}

}  // namespace l2l
