#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace l2l {

/// A name from a file, made fit for an error message: quoted, without control characters, cut if it is long.
std::string in_quotes(const std::string& name);

/// Parses JSON more strictly than the JSON library, which keeps the last of two equal names and does not limit the
/// depth. Throws an Error, and no exception of that library, for text that is not valid UTF-8 JSON, a name that an
/// object has twice, more than `deepest` levels of objects and arrays, or a number beyond a double. The message calls
/// the text `what`.
nlohmann::json parse_json(const std::string& text, int deepest, const std::string& what);

}  // namespace l2l
