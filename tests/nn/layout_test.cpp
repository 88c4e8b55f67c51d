#include "nn/layout.h"

#include <limits>
#include <numeric>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "tests/catch.h"

namespace l2l::layout_test {

TEST_CASE("a layout concatenates parameters") {
  Layout layout;
  const Parameter a = layout.add("a", {2, 3}, "conv"), b = layout.add("b", {}), c = layout.add("c", {0, 5}),
                  d = layout.add("d", {4});
  CHECK(a.offset == 0);
  CHECK(b.offset == 6);
  CHECK(c.offset == 7);
  CHECK(d.offset == 7);
  CHECK(layout.size() == 11);
  CHECK(layout.parameters().size() == 4);
  CHECK(layout.find("a").shape == Shape{2, 3});
  CHECK(layout.find("a").group == "conv");
  CHECK_THROWS_AS(layout.find("e"), Error);
  CHECK_THROWS_AS(layout.add("a", {1}), Error);
  CHECK(layout.size() == 11);
}

TEST_CASE("a parameter may be a linear map; a group's parameters are a layout") {
  Layout layout;
  layout.add("a", {5, 2, 3, 3}, "conv", Parameter::Kind::linear_map);
  layout.add("b", {4}, "fc");
  layout.add("c", {6}, "conv");
  CHECK(layout.find("a").rows() == 5);
  CHECK(layout.find("a").columns() == 18);
  CHECK(layout.find("b").kind == Parameter::Kind::numbers);
  const Layout conv = layout.part("conv");
  CHECK(conv.size() == 96);
  CHECK(conv.find("a").kind == Parameter::Kind::linear_map);
  CHECK(conv.find("c").offset == 90);
  CHECK(layout.part("nothing").size() == 0);
  CHECK_THROWS_AS(layout.add("d", {4}, "", Parameter::Kind::linear_map), Error);
  CHECK_NOTHROW(layout.add("e", {0, 4}, "", Parameter::Kind::linear_map));
  CHECK(layout.find("e").columns() == 0);
}

TEST_CASE("an element of theta is named by its parameter and its indices there") {
  Layout layout;
  layout.add("a", {2, 3}, "conv");
  layout.add("empty", {0, 5});
  layout.add("b", {});
  layout.add("c", {2, 1, 2});
  CHECK(layout.place(0) == "a[0, 0], group conv");
  CHECK(layout.place(5) == "a[1, 2], group conv");
  CHECK(layout.place(6) == "b");
  CHECK(layout.place(7) == "c[0, 0, 0]");
  CHECK(layout.place(10) == "c[1, 0, 1]");
  for (Index k : {-1, 11}) CHECK_THROWS_AS(layout.place(k), Error);
}

TEST_CASE("a parameter is a view of theta, on a tape and in a buffer") {
  Layout layout;
  layout.add("a", {2});
  const Parameter b = layout.add("b", {2, 2});
  std::vector<Real> theta(6), gradient(6);
  std::iota(theta.begin(), theta.end(), Real(10));

  CHECK(b.in(std::span(theta)).data() == theta.data() + 2);
  CHECK(b.in(std::span<const Real>(theta)).size() == 4);

  Tape tape;
  const Var x = tape.leaf({6}, theta.data(), gradient.data());
  const Var view = b.in(x);
  CHECK(view.shape == Shape{2, 2});
  CHECK(view.value == theta.data() + 2);
  tape.backward(sum(square(view)));
  CHECK(gradient == std::vector<Real>{0, 0, 24, 26, 28, 30});
}

TEST_CASE("a theta too short for a parameter is an Error") {
  Layout layout;
  layout.add("a", {2});
  const Parameter b = layout.add("b", {3});
  Tape tape;
  CHECK_THROWS_AS(b.in(tape.constant({4}, Real(0))), Error);
}

TEST_CASE("the first parameter that is not finite is named") {
  Layout layout;
  layout.add("a", {2});
  layout.add("b", {3});
  layout.add("c", {1});
  std::vector<Real> x(6, Real(1));
  CHECK(all_finite(x));
  CHECK(layout.first_not_finite(x) == "");
  x[5] = std::numeric_limits<Real>::infinity();
  CHECK(!all_finite(x));
  CHECK(layout.first_not_finite(x) == "c");
  x[2] = std::numeric_limits<Real>::quiet_NaN();
  CHECK(layout.first_not_finite(x) == "b");
}

}  // namespace l2l::layout_test
