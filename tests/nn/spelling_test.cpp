#include "nn/spelling.h"

#include "tests/catch.h"

using namespace l2l;

TEST_CASE("edit_distance counts what has to be changed") {
  struct Case {
    const char *a, *b;
    int distance;
  };
  for (const auto& [a, b, distance] : std::vector<Case>{{"", "", 0},
                                                        {"adam", "adam", 0},
                                                        {"", "adam", 4},
                                                        {"adam", "", 4},
                                                        {"epoch", "epochs", 1},
                                                        {"adams", "adam", 1},
                                                        {"adem", "adam", 1},
                                                        {"trian", "train", 1},
                                                        {"optimise", "optimizee", 2},
                                                        {"kitten", "sitting", 3},
                                                        {"ca", "abc", 3}}) {  // no letter is edited twice
    CAPTURE(a, b);
    CHECK(edit_distance(a, b) == distance);
    CHECK(edit_distance(b, a) == distance);
  }
}

TEST_CASE("nearest finds what was meant, and nothing if nothing is near") {
  const std::vector<std::string> rules = {"sgd", "momentum", "nag", "rmsprop", "adam"};
  CHECK(nearest("adm", rules) == "adam");
  CHECK(nearest("ADAM", rules) == "adam");
  CHECK(nearest("rmsporp", rules) == "rmsprop");
  CHECK(nearest("mom", rules) == "momentum");
  CHECK(nearest("momentums", rules) == "momentum");
  CHECK(nearest("adagrad", rules) == "");
  CHECK(nearest("", rules) == "");
  CHECK(nearest("x", rules) == "");
  CHECK(nearest("adam", {}) == "");
  CHECK(nearest(std::string(1'000'000, 'a'), rules) == "");
  CHECK(nearest("stpe", {"step", "steps"}) == "step");  // the nearer one, wherever it stands
  CHECK(nearest("stpe", {"steps", "step"}) == "step");
  CHECK(nearest("style-wieght", {"style", "style-weight"}) == "style-weight");
  CHECK(nearest("batch-size", {"patience", "batch"}) == "batch");
  CHECK(did_you_mean("adm", rules) == "; did you mean adam?");
  CHECK(did_you_mean("adagrad", rules) == "");
}

TEST_CASE("split keeps empty parts") {
  using Parts = std::vector<std::string>;
  CHECK(split("a,b", ',') == Parts{"a", "b"});
  CHECK(split("", ',') == Parts{""});
  CHECK(split("a,,b,", ',') == Parts{"a", "", "b", ""});
  CHECK(split("a:b,c", ':') == Parts{"a", "b,c"});
}
