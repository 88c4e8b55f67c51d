#include "examples/l2l/report/walk_data.h"

#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "examples/l2l/report/page_number.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/json_file.h"
#include "nn/files/json.h"

namespace l2l {
namespace {

using Json = nlohmann::ordered_json;

constexpr Range kCells{2, 1000};  // of a side of the grid

/// Digits that are shown of a loss, and of a place, which is somewhere on a map of a few hundred pixels.
constexpr int kWalkDigits = 4, kPlaceDigits = 5;

/// An array of numbers or nulls. Throws an Error if it is something else, or not of this size (-1: any).
Json numbers(const nlohmann::json& array, const std::string& name, std::ptrdiff_t size, int digits) {
  if (!array.is_array()) throw Error(in_quotes(name), " is not an array");
  if (size >= 0 && array.size() != static_cast<std::size_t>(size)) {
    throw Error(in_quotes(name), " has ", array.size(), " numbers instead of ", size);
  }
  Json result = Json::array();
  for (const nlohmann::json& x : array) {
    if (!x.is_number() && !x.is_null()) throw Error("one of ", in_quotes(name), " is neither a number nor null");
    result.push_back(x.is_null() ? Json(nullptr) : page_number(x.get<double>(), digits));
  }
  return result;
}

/// An array of [x, y].
Json points(const JsonObject& object, const std::string& name) {
  const nlohmann::json& array = object.at(name);
  if (!array.is_array()) throw Error(in_quotes(name), " is not an array");
  Json result = Json::array();
  for (const nlohmann::json& point : array) result.push_back(numbers(point, name, 2, kPlaceDigits));
  return result;
}

Json interval(const JsonObject& json, const std::string& name) {
  const Json ends = numbers(json.at(name), name, 2, 17);
  if (ends[0].is_null() || ends[1].is_null() || !(ends[0].get<double>() < ends[1].get<double>())) {
    throw Error(in_quotes(name), " is not from a number to a larger one");
  }
  return ends;
}

Json path(const JsonObject& entry, int steps) {
  Json result;
  result["name"] = printable(entry.text("name"));
  const double rate = entry.number_or_nan("rate");
  result["rate"] = page_number(rate, kWalkDigits);
  result["points"] = points(entry, "points");
  const std::size_t count = result["points"].size();
  if (count == 0 || count > static_cast<std::size_t>(steps) + 1) {
    throw Error("'points' of ", in_quotes(entry.text("name")), " are ", count, ", for ", steps, " steps");
  }
  result["losses"] = numbers(entry.at("losses"), "losses", static_cast<std::ptrdiff_t>(count), kWalkDigits);
  return result;
}

}  // namespace

Json walk_data(const std::filesystem::path& file, const std::string& remedy) {
  return read_json(file, "damaged, or not written by l2l walk: ", remedy, [](const JsonObject& json) {
    Json walk;
    walk["kind"] = json.text("kind");
    if (walk["kind"] != "coordinates" && walk["kind"] != "plane") {
      throw Error("'kind' is ", in_quotes(json.text("kind")), ", not coordinates or plane");
    }
    walk["optimizee"] = printable(json.text("optimizee"));
    walk["function"] = json.number<int>("function", kCountOrNone);
    walk["seed"] = json.number<std::uint64_t>("seed", kNotNegative);
    const int steps = json.number<int>("steps", kCount);
    const int columns = json.number<int>("columns", kCells), rows = json.number<int>("rows", kCells);
    walk["x"] = interval(json, "x");
    walk["y"] = interval(json, "y");
    walk["columns"] = columns;
    walk["rows"] = rows;
    walk["grid"] = numbers(json.at("grid"), "grid", std::ptrdiff_t{columns} * rows, kWalkDigits);
    walk["minima"] = points(json, "minima");
    walk["paths"] = Json::array();
    for (const JsonObject& entry : json.objects("paths")) walk["paths"].push_back(path(entry, steps));
    if (walk["paths"].empty()) throw Error("'paths' is empty");
    return walk;
  });
}

}  // namespace l2l
