#include "nn/files/checksum.h"

#include <string>

#include "tests/catch.h"

namespace l2l::checksum_test {

TEST_CASE("a checksum is zlib's CRC-32, of the pieces together") {
  Checksum sum;
  CHECK(sum.digits() == "00000000");
  sum.add("1234");
  sum.add("56789");
  CHECK(sum.digits() == "cbf43926");  // the check value of CRC-32/ISO-HDLC
}

TEST_CASE("a text holds its own checksum") {
  for (const std::string space : {"", " "}) {
    std::string text = "{\"checksum\":" + space + "\"crc32:00000000\", \"x\": 1} and more";
    Checksum sum;
    sum.add(text);
    const std::string plain = text;
    seal(text);
    CHECK(text != plain);
    const auto digits = take_seal(text);
    REQUIRE(digits);
    CHECK(*digits == sum.digits());
    CHECK(text == plain);
  }
}

TEST_CASE("whether there is a checksum is known when one of its parts is damaged") {
  const auto has = [](std::string text) { return take_seal(text).has_value(); };
  CHECK(has(R"({"checksum":"crc32:0badcafe"})"));
  CHECK(has(R"({"checksun":"crc32:0badcafe"})"));
  CHECK(has(R"({"checksum":"crc33:0badcafe"})"));
  CHECK(has(R"({"checksum":"crc32:0bad"})"));
  CHECK_FALSE(has("{}"));
  CHECK_FALSE(has(""));
  CHECK_FALSE(has(R"({"note":"of \"checksum\":\"crc32:0badcafe\""})"));
  CHECK_FALSE(has(R"({"checksum":{"dtype":"F32"}})"));  // a tensor of that name
}

}  // namespace l2l::checksum_test
