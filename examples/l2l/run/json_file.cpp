#include "examples/l2l/run/json_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "nn/files/checksum.h"
#include "nn/files/json.h"

namespace l2l {
namespace {
constexpr int kDeepest = 8;

/// The three numbers of "1.2.3", or nothing.
std::optional<std::array<int, 3>> parse_version(const std::string& text) {
  static const std::regex form("([0-9]{1,9})[.]([0-9]{1,9})[.]([0-9]{1,9})");
  std::smatch parts;
  if (text.size() > 29 || !std::regex_match(text, parts, form)) return {};
  return {{std::stoi(parts[1]), std::stoi(parts[2]), std::stoi(parts[3])}};
}
}  // namespace

// ---- Objects --------------------------------------------------------------------------------------------------

JsonObject::JsonObject(const nlohmann::json& json, const std::string& name) : json_(&json), name_(name) {
  if (!json.is_object()) throw Error(name, " is not an object");
}

const nlohmann::json& JsonObject::at(const std::string& name) const {
  const auto member = json_->find(name);
  if (member == json_->end()) throw Error(name_, " has no ", in_quotes(name));
  return *member;
}

std::vector<std::string> JsonObject::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : json_->items()) names.push_back(name);
  return names;
}

JsonObject JsonObject::object(const std::string& name) const { return {at(name), in_quotes(name)}; }

std::vector<JsonObject> JsonObject::objects(const std::string& name) const {
  const nlohmann::json& array = at(name);
  if (!array.is_array()) throw Error(in_quotes(name), " is not an array");
  std::vector<JsonObject> result;
  for (const nlohmann::json& item : array) result.emplace_back(item, "one of " + in_quotes(name));
  return result;
}

std::string JsonObject::text(const std::string& name) const {
  const nlohmann::json& value = at(name);
  if (!value.is_string()) throw Error(in_quotes(name), " is not a text");
  return value.get<std::string>();
}

std::map<std::string, std::string> JsonObject::texts(const std::string& name) const {
  const JsonObject all = object(name);
  std::map<std::string, std::string> result;
  for (const std::string& key : all.names()) result[key] = all.text(key);
  return result;
}

bool JsonObject::truth(const std::string& name) const {
  const nlohmann::json& value = at(name);
  if (!value.is_boolean()) throw Error(in_quotes(name), " is neither true nor false");
  return value.get<bool>();
}

template <class T>
T JsonObject::number(const std::string& name, Range range) const {
  if (!at(name).is_number()) throw Error(in_quotes(name), " is not a number");
  return parse_number<T>(in_quotes(name), at(name).dump(), range);
}
template int JsonObject::number<int>(const std::string&, Range) const;
template std::uint64_t JsonObject::number<std::uint64_t>(const std::string&, Range) const;
template double JsonObject::number<double>(const std::string&, Range) const;

double JsonObject::number_or_nan(const std::string& name) const {
  const nlohmann::json& value = at(name);
  if (!value.is_number() && !value.is_null()) throw Error(in_quotes(name), " is neither a number nor null");
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

double JsonObject::not_negative_or_nan(const std::string& name) const {
  const double x = number_or_nan(name);
  if (x < 0) throw Error(in_quotes(name), " is ", at(name).dump(), ", it cannot be negative");
  return x;
}

void JsonObject::check_version(const std::string& name) const {
  const std::string version = text(name);
  const auto parts = parse_version(version);
  if (!parts) throw Error(in_quotes(name), " is ", in_quotes(version), ", not a version such as " L2L_VERSION);
  if (*parts > *parse_version(L2L_VERSION)) {
    throw Error("it was written by a newer l2l, ", version, "; this is l2l " L2L_VERSION);
  }
}

void JsonObject::check_names(const std::vector<std::string>& known) const {
  for (const std::string& name : names()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw Error(name_, " has ", in_quotes(name), ", which l2l does not know");
    }
  }
}

// ---- Files ----------------------------------------------------------------------------------------------------

JsonFile::JsonFile(std::string text) : json_(std::make_unique<nlohmann::json>(parse_json(text, kDeepest, "it"))) {
  root();  // it is an object
  if (const auto seal = take_seal(text)) {
    Checksum sum;
    sum.add(text);
    if (*seal != sum.digits()) throw Error(kSealBroken);
    json_->erase(kChecksumName);
  }
}
JsonFile::~JsonFile() = default;

JsonObject JsonFile::root() const { return {*json_, "it"}; }

std::string json_text(const nlohmann::ordered_json& json) {
  nlohmann::ordered_json sealed = {{kChecksumName, kChecksumToCome}};  // first: users can delete its line
  sealed.update(json);
  try {
    std::string text = sealed.dump(2) + "\n";
    seal(text);
    return text;
  } catch (const nlohmann::json::exception&) {
    throw Error("a text for a JSON file is not UTF-8");
  }
}

}  // namespace l2l
