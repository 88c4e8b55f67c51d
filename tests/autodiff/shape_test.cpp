#include "autodiff/shape.h"

#include <sstream>

#include "autodiff/error.h"
#include "tests/catch.h"

namespace l2l::shape_test {

namespace {
std::string text(const Shape& shape) {
  std::ostringstream out;
  out << shape;
  return out.str();
}
}  // namespace

TEST_CASE("shape: rank, dimensions, size and text") {
  CHECK(Shape{}.rank() == 0);
  CHECK(Shape{}.size() == 1);
  CHECK(text(Shape{}) == "[]");
  const Shape shape{2, 3, 1, 5};
  CHECK(shape.rank() == 4);
  CHECK(shape[0] == 2);
  CHECK(shape[3] == 5);
  CHECK(shape.size() == 30);
  CHECK(text(shape) == "[2x3x1x5]");
  CHECK(Shape{7, 0}.size() == 0);
  CHECK(text(Shape{7, 0}) == "[7x0]");
}

TEST_CASE("shape: equal means the same rank and the same dimensions") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK(Shape{2, 3} != Shape{3, 2});
  CHECK(Shape{1} != Shape{});
  CHECK(Shape{3} != Shape{3, 0});
}

TEST_CASE("shape: with replaces one dimension") {
  CHECK(Shape{2, 3, 4}.with(1, 7) == Shape{2, 7, 4});
  CHECK(Shape{2, 3}.with(0, 0) == Shape{0, 3});
  CHECK_THROWS_WITH((Shape{2, 3}.with(1, -1)), "shape: dimension 1 is -1, it must be between 0 and 2^31 - 1");
}

TEST_CASE("shape: impossible ones are refused") {
  const Index big = Index(1) << 31;
  CHECK_THROWS_WITH((Shape{1, 2, 3, 4, 5}), "shape: 5 dimensions, at most 4 are possible");
  CHECK_THROWS_WITH((Shape{3, -2}), "shape: dimension 1 is -2, it must be between 0 and 2^31 - 1");
  CHECK_THROWS_WITH((Shape{big}), "shape: dimension 0 is 2147483648, it must be between 0 and 2^31 - 1");
  CHECK_THROWS_WITH((Shape{big - 1, big - 1}), "shape: [2147483647x2147483647] has more than 2^59 elements");
}

}  // namespace l2l::shape_test
