#include "nn/files/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "autodiff/error.h"

namespace l2l {
namespace {

using nlohmann::json;

/// The parser calls it for every event.
class StructureCheck {
 public:
  StructureCheck(int deepest, const std::string& what) : what_(what), names_(deepest) {}

  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth >= static_cast<int>(names_.size())) throw Error(what_, " is nested too deeply");
      names_[depth].clear();
    }
    if (event == json::parse_event_t::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!names_[depth - 1].insert(name).second) throw Error(what_, " names ", in_quotes(name), " twice");
    }
    return true;
  }

 private:
  std::string what_;
  std::vector<std::set<std::string>> names_;  // seen so far, in the object open at each depth
};

}  // namespace

std::string in_quotes(const std::string& name) {
  std::string text = name;
  if (name.size() > 80) {
    std::size_t end = 77;
    while (end > 0 && (name[end] & 0xc0) == 0x80) --end;  // not within a character
    text = name.substr(0, end) + "...";
  }
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 127; }, '?');
  // The control characters from U+0080 to U+009F are two bytes in UTF-8. (JSON's parser has let only UTF-8 pass.)
  for (std::size_t k = 0; k + 1 < text.size(); ++k) {
    const unsigned char lead = text[k], next = text[k + 1];
    if (lead == 0xc2 && next >= 0x80 && next < 0xa0) text.replace(k, 2, "?");
  }
  return "'" + text + "'";
}

json parse_json(const std::string& text, int deepest, const std::string& what) {
  // The parser would take a zero byte for the end of the text.
  if (text.find('\0') != std::string::npos) throw Error(what, " holds a zero byte");
  try {
    return json::parse(text, StructureCheck(deepest, what));
  } catch (const json::parse_error& error) {
    throw Error(what, " is not valid JSON (at its byte ", error.byte, ")");
  } catch (const json::exception&) {
    throw Error(what, " holds a number that is too large");  // all that is left
  }
}

}  // namespace l2l
