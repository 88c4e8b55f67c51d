#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace l2l {

/// A name from a file, fit for a line of text: quoted, without control characters, cut if it is long.
std::string in_quotes(const std::string& name);

/// Parses JSON, and is stricter than its library, which keeps the last of two equal names and nests without end. An
/// Error, and no exception of the library, for text that is not valid UTF-8 JSON, a name that an object has twice, more
/// than `deepest` levels of objects and arrays, or a number that no double holds; it calls the text `what`.
nlohmann::json parse_json(const std::string& text, int deepest, const std::string& what);

}  // namespace l2l
