#include "optim/study/plane.h"

#include <limits>

#include "autodiff/error.h"
#include "nn/random.h"
#include "tests/tolerance.h"

namespace l2l::plane_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

using Reals = std::vector<Real>;

}  // namespace

TEST_CASE("plane: through three points, with distances as coordinates") {
  const Reals origin = {1, 0, 0}, a = {1, 3, 0}, b = {1, 1, 2};
  const Plane plane = Plane::through(origin, a, b);
  CHECK(plane.delta() == std::vector<double>{0, 1, 0});
  CHECK(plane.eta() == std::vector<double>{0, 0, 1});
  const Plane::Projection p = plane.project(Reals{4, 5, 6});
  CHECK((p.x == 5 && p.y == 6 && p.distance == 3));
  CHECK(plane.at(5, 6) == Reals{1, 5, 6});
  // The three points are on it.
  CHECK((plane.project(origin).x == 0 && plane.project(origin).distance == 0));
  CHECK((plane.project(a).x == 3 && plane.project(a).y == 0 && plane.project(a).distance == 0));
  CHECK((plane.project(b).x == 1 && plane.project(b).y == 2 && plane.project(b).distance == 0));
}

TEST_CASE("plane: of two coordinates it is θ itself") {
  const Plane plane = Plane::of_coordinates();
  const Plane::Projection p = plane.project(Reals{-3, 0.5});
  CHECK((p.x == -3 && p.y == 0.5 && p.distance == 0));
  CHECK(plane.at(-3, 0.5) == Reals{-3, 0.5});
}

TEST_CASE("plane: projections are orthogonal, also where the directions are not") {
  const Plane plane(Reals{0, 0, 0}, {2, 0, 0}, {1, 1, 0});
  const Plane::Projection p = plane.project(Reals{3, 2, 7});  // 2x + y = 3, y = 2
  CHECK((p.x == 0.5 && p.y == 2 && p.distance == 7));
  CHECK(plane.at(0.5, 2) == Reals{3, 2, 0});
}

TEST_CASE("plane: points on a line span none") {
  const Reals origin = {1, 2, 3}, a = {2, 2, 3}, further = {5, 2, 3}, aside = {1, 3, 3};
  CHECK_THROWS_WITH(Plane::through(origin, a, further), ContainsSubstring("on one line"));
  CHECK_THROWS_WITH(Plane::through(origin, origin, a), ContainsSubstring("the same"));
  CHECK_THROWS_WITH(Plane::through(origin, a, origin), ContainsSubstring("the same"));
  const Reals nowhere = {std::numeric_limits<Real>::quiet_NaN(), 0, 0};
  CHECK_THROWS_AS(Plane::through(origin, nowhere, a), Error);
  CHECK_THROWS_AS(Plane::through(origin, a, nowhere), Error);
  CHECK_THROWS_AS(Plane::through(origin, a, Reals{1, 2}), Error);
  CHECK_THROWS_WITH(Plane(origin, {1, 1, 0}, {-2, -2, 0}), ContainsSubstring("on one line"));
  CHECK_THROWS_WITH(Plane(origin, {1, 1, 0}, {0, 0, 0}), ContainsSubstring("on one line"));
  CHECK_THROWS_AS(Plane(origin, {1, 1}, {0, 1}), Error);
  CHECK_NOTHROW(Plane::through(origin, a, aside));
}

TEST_CASE("plane: filter normalisation by hand") {
  Layout layout;
  layout.add("dense.weight", {3, 2}, "", Parameter::Kind::linear_map);
  layout.add("dense.bias", {2});
  layout.add("conv.weight", {1, 2, 1, 2}, "", Parameter::Kind::linear_map);
  const Reals theta = {1, 0, 6, 8, 0, 0, 9, 9, 2, -2, 2, -2};
  const std::vector<double> direction = {3, 4, 0, 0, 5, 12, 5, 5, 1, 1, 1, 1};
  // Filters of norm 5 where θ has 1; 0 stays 0; 13 where θ has 0; biases; and 2 where θ has 4.
  const std::vector<double> expected = {0.6, 0.8, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2};
  const std::vector<double> found = filter_normalised(direction, theta, layout);
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) CHECK(found[k] == Near(expected[k], 1e-15));
}

TEST_CASE("plane: filter normalisation looks at the direction of each filter alone, and takes its length from θ") {
  Layout layout;
  const Parameter weight = layout.add("weight", {4, 3}, "", Parameter::Kind::linear_map);
  Rng rng(1);
  Reals theta(12), scaled;
  rng.fill_normal(theta, 0, 1);
  std::vector<double> direction(12), longer;
  for (double& d : direction) d = rng.normal();
  scaled = theta, longer = direction;
  for (Index k = 3; k < 6; ++k) scaled[k] *= 8, longer[k] *= 100;  // the second filter
  const std::vector<double> before = filter_normalised(direction, theta, layout);
  const std::vector<double> after = filter_normalised(longer, scaled, layout);
  for (Index k = 0; k < 12; ++k) CHECK(after[k] == Near(before[k] * (k / 3 == 1 ? 8 : 1), 1e-14));
}

TEST_CASE("plane: without a linear map there is no filter") {
  CHECK_FALSE(has_filters(Layout::flat(3)));
  CHECK_THROWS_WITH(filter_normalised({1, 2, 3}, Reals{1, 2, 3}, Layout::flat(3)), ContainsSubstring("no filters"));
}

}  // namespace l2l::plane_test
