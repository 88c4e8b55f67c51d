#include "optimizees/registry.h"

#include "autodiff/error.h"
#include "tests/catch.h"

namespace l2l::registry_test {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("The table's rows are found by name and are complete") {
  for (const OptimizeeEntry& entry : optimizees()) {
    INFO(entry.name);
    CHECK(&find_optimizee(entry.name) == &entry);
    CHECK_FALSE(entry.summary.empty());
    CHECK(entry.make != nullptr);
    CHECK(entry.training.steps % entry.training.unroll == 0);
    for (const OptimizeeOption& option : entry.options) {
      CHECK_FALSE(option.help.empty());
      CHECK_FALSE(option.default_value.empty());
    }
  }
  CHECK(find_optimizee("quadratic").optimizer.preprocess.kind == Preprocess::Kind::none);
  CHECK(find_optimizee("mnist").optimizer.preprocess.kind == Preprocess::Kind::log_sign);
}

TEST_CASE("An unknown optimizee is a usage error that lists those there are") {
  CHECK_THROWS_AS(find_optimizee("cubic"), UsageError);
  CHECK_THROWS_WITH(find_optimizee("cubic"), ContainsSubstring("'cubic'") && ContainsSubstring("quadratic, mnist"));
  CHECK_THROWS_AS(find_optimizee(""), UsageError);
}

TEST_CASE("An unknown option is a usage error that lists those there are") {
  const auto make = [] { make_optimizee(find_optimizee("quadratic"), {{"units", "20"}}); };
  CHECK_THROWS_AS(make(), UsageError);
  CHECK_THROWS_WITH(make(), ContainsSubstring("units") && ContainsSubstring("batch, dim"));
}

TEST_CASE("Options have defaults, and values replace them") {
  const OptimizeeEntry& entry = find_optimizee("quadratic");
  CHECK(make_optimizee(entry).example()->layout().size() == 1280);
  CHECK(make_optimizee(entry, {{"dim", "3"}}).example()->layout().size() == 384);
  CHECK(make_optimizee(entry, {{"dim", "3"}, {"batch", "2"}}).example()->layout().size() == 6);
}

TEST_CASE("Whole numbers are read strictly") {
  const auto read = [](const std::string& text) { return whole_number({{"units", text}}, "units", 1000); };
  CHECK(read("1") == 1);
  CHECK(read("1000") == 1000);
  for (const char* bad :
       {"", "twelve", "0", "-3", "+3", " 3", "3 ", "3.5", "1e2", "0x10", "1001", "99999999999999999999"}) {
    INFO(bad);
    CHECK_THROWS_AS(read(bad), UsageError);
    CHECK_THROWS_WITH(read(bad), ContainsSubstring("units") && ContainsSubstring("'" + std::string(bad) + "'") &&
                                     ContainsSubstring("1 to 1000"));
  }
}

TEST_CASE("Positive numbers are read strictly") {
  const auto read = [](const std::string& text) { return positive_number({{"init", text}}, "init"); };
  CHECK(read("0.25") == 0.25);
  CHECK(read("1e-3") == 1e-3);
  for (const char* bad : {"", "small", "0", "-0.1", "0.1x", "nan", "inf"}) {
    INFO(bad);
    CHECK_THROWS_AS(read(bad), UsageError);
    CHECK_THROWS_WITH(read(bad), ContainsSubstring("init") && ContainsSubstring("above 0"));
  }
  for (const char* bad : {"1e999", "1e-999"}) {
    INFO(bad);
    CHECK_THROWS_AS(read(bad), UsageError);
    CHECK_THROWS_WITH(read(bad), ContainsSubstring("init") && ContainsSubstring("too large or too close to 0"));
  }
}

TEST_CASE("A bad value stops before any data is read") {
  const OptimizeeEntry& mnist = find_optimizee("mnist");
  const auto make = [&](const char* name, const char* value) {
    make_optimizee(mnist, {{"data", "no/such/folder"}, {name, value}});
  };
  CHECK_THROWS_AS(make("units", "twelve"), UsageError);
  CHECK_THROWS_AS(make("depth", "-1"), UsageError);
  CHECK_THROWS_AS(make("batch", "-1"), UsageError);
  CHECK_THROWS_AS(make("init", "0"), UsageError);
  CHECK_THROWS_AS(make("activation", "cubic"), UsageError);
  CHECK_THROWS_WITH(make("units", "20"),
                    ContainsSubstring("no/such/folder") && ContainsSubstring("dataset-fashion-mnist"));
}

}  // namespace l2l::registry_test
