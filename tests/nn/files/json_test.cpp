#include "nn/files/json.h"

#include <nlohmann/json.hpp>
#include <string>

#include "autodiff/error.h"
#include "tests/catch.h"

namespace l2l::json_test {

namespace {
std::string failure(const std::string& text, int deepest = 2) {
  try {
    parse_json(text, deepest, "the text");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}
}  // namespace

TEST_CASE("JSON is read, and whatever is wrong with it is an Error") {
  CHECK(parse_json(R"({"a": [1, 2.5, "x"]})", 2, "the text")["a"][1] == 2.5);
  CHECK(failure("{}") == "");
  CHECK(failure("[1]", 1) == "");
  CHECK(failure("") == "the text is not valid JSON (at its byte 1)");
  CHECK(failure("{\"a\": 1") == "the text is not valid JSON (at its byte 8)");
  CHECK(failure("{\"\xff\": 1}") == "the text is not valid JSON (at its byte 3)");
  CHECK(failure("nan") == "the text is not valid JSON (at its byte 2)");
  CHECK(failure(std::string("{}\0", 3)) == "the text holds a zero byte");
  CHECK(failure(R"({"a": 1e999})") == "the text holds a number that is too large");
  CHECK(failure(R"({"a": 1, "a": 2})") == "the text names 'a' twice");
  CHECK(failure(R"({"a": {"b": 1}, "c": {"b": 1}})") == "");
  CHECK(failure(R"([[[1]]])") == "the text is nested too deeply");
  CHECK(failure(std::string(1'000'000, '[')) == "the text is nested too deeply");
}

TEST_CASE("a name is fit for a line of text") {
  CHECK(in_quotes("lstm.bias_l0") == "'lstm.bias_l0'");
  CHECK(in_quotes("a\nb\x7f") == "'a?b?'");
  CHECK(in_quotes("a\u009bb\u0080\u00a0") == "'a?b?\u00a0'");  // C1 controls; a no-break space is text
  CHECK(in_quotes(std::string(500, 'x')) == "'" + std::string(77, 'x') + "...'");
  CHECK(in_quotes(std::string(76, 'x') + "üüü") == "'" + std::string(76, 'x') + "...'");
}

}  // namespace l2l::json_test
