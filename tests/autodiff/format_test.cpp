#include "autodiff/format.h"

#include "tests/catch.h"

namespace l2l::format_test {

TEST_CASE("format is printf into a string, however long") {
  CHECK(format("nothing") == "nothing");
  CHECK(format("%d of %.3g, %s", 3, 0.12345, "ten") == "3 of 0.123, ten");
  const std::string word(1000, 'x');
  CHECK(format("<%s>", word.c_str()) == "<" + word + ">");
}

}  // namespace l2l::format_test
