#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::structure_test {

using namespace l2l::testing;

TEST_CASE("structure: reshape and slice share memory and make no nodes") {
  Tape tape;
  Var x = tape.variable({4, 3}, std::vector<Real>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  Var r = reshape(x, {2, 2, 3});
  Var s = slice(x, 1, 2);
  Var ss = slice(reshape(slice(s, 1, 1), {3}), 2, 1);
  CHECK(r.value == x.value);
  CHECK(r.grad == x.grad);
  CHECK(r.shape == Shape{2, 2, 3});
  CHECK(s.shape == Shape{2, 3});
  check_close(s.values(), {3, 4, 5, 6, 7, 8});
  check_close(slice(r, 1, 1).values(), {6, 7, 8, 9, 10, 11});
  CHECK(ss.item() == 8);
  CHECK(slice(x, 4, 0).size() == 0);
  CHECK(tape.nodes() == 0);
  tape.backward(sum(square(s)) + reshape(ss, {}));
  check_close(x.gradient(), {0, 0, 0, 6, 8, 10, 12, 14, 17, 0, 0, 0});
}

TEST_CASE("structure: scale_gradient has the values of its input, and scales the gradient") {
  Tape tape;
  Var x = tape.variable({2, 2}, std::vector<Real>{1, 2, 3, 4});
  Var y = scale_gradient(x, Real(0.25));
  check_close(y.values(), {1, 2, 3, 4});
  CHECK(y.shape == x.shape);
  tape.backward(sum(square(y)) + sum(x));
  check_close(x.gradient(), {1.5, 2, 2.5, 3});
  check_close(y.gradient(), {2, 4, 6, 8});

  tape.clear();
  CHECK(scale_gradient(tape.constant({3}, Real(1)), Real(2)).grad == nullptr);
  CHECK(tape.nodes() == 0);
  CHECK(scale_gradient(tape.variable({0}, std::vector<Real>{}), Real(2)).size() == 0);
}

TEST_CASE("structure: gradients through views") {
  check_gradient([](Tape&, auto x) { return square(reshape(x[0], {3, 2})); }, {Shape{2, 3}});
  check_gradient([](Tape&, auto x) { return square(reshape(x[0], {})); }, {Shape{1, 1}});
  check_gradient([](Tape&, auto x) { return square(reshape(x[0], {5, 0})); }, {Shape{0, 3}});
  check_gradient([](Tape&, auto x) { return exp(slice(x[0], 1, 2)); }, {Shape{4, 3}});
  check_gradient([](Tape&, auto x) { return exp(slice(x[0], 0, 0)); }, {Shape{4, 3}});
  check_gradient([](Tape&, auto x) { return x[0]; }, {Shape{4, 3}});
  check_gradient([](Tape&, auto x) { return slice(exp(x[0]), 1, 2); }, {Shape{3, 2}});
}

TEST_CASE("structure: concat joins along each dimension") {
  Tape tape;
  Var a = tape.constant({2, 2}, std::vector<Real>{1, 2, 3, 4});
  Var b = tape.constant({1, 2}, std::vector<Real>{5, 6});
  Var c = tape.constant({2, 1}, std::vector<Real>{7, 8});
  Var rows = concat({a, b, a});
  CHECK(rows.shape == Shape{5, 2});
  check_close(rows.values(), {1, 2, 3, 4, 5, 6, 1, 2, 3, 4});
  Var columns = concat({c, a, c}, 1);
  CHECK(columns.shape == Shape{2, 4});
  check_close(columns.values(), {7, 1, 2, 7, 8, 3, 4, 8});
  Var cube = concat({reshape(a, {1, 2, 2}), reshape(a, {1, 2, 2})}, 2);
  CHECK(cube.shape == Shape{1, 2, 4});
  check_close(cube.values(), {1, 2, 1, 2, 3, 4, 3, 4});
  CHECK(concat({tape.constant({0, 2}, Real(0)), a}).shape == Shape{2, 2});
  CHECK(concat({tape.constant({0, 2}, Real(0)), tape.constant({0, 3}, Real(0))}, 1).shape == Shape{0, 5});
  CHECK(concat({a}).shape == a.shape);
}

TEST_CASE("structure: gradients of concat, of one Var twice and of constants among the parts, too") {
  check_gradient([](Tape&, auto x) { return concat({x[0], x[1], x[2]}); }, {Shape{2, 3}, Shape{1, 3}, Shape{0, 3}});
  check_gradient([](Tape&, auto x) { return concat({x[0], x[1]}, 1); }, {Shape{2, 3}, Shape{2, 1}});
  check_gradient([](Tape&, auto x) { return concat({x[0], x[1]}, 1); }, {Shape{2, 3, 2}, Shape{2, 1, 2}});
  check_gradient([](Tape&, auto x) { return concat({x[0], x[1]}, 2); }, {Shape{2, 3, 2}, Shape{2, 3, 1}});
  check_gradient([](Tape&, auto x) { return concat({x[0], x[0]}, 1); }, {Shape{2, 3}});
  const auto with_constant = [](Tape& tape, auto x) {
    return concat({x[0], tape.constant({1, 2}, Real(1)), slice(x[0], 1, 2)});
  };
  check_gradient(with_constant, {Shape{3, 2}});
  check_gradient([](Tape&, auto x) { return concat(x, 0); }, {Shape{2}, Shape{1}, Shape{3}});
}

TEST_CASE("structure: detach keeps the values and stops the gradient") {
  Tape tape;
  Var x = tape.variable({2}, std::vector<Real>{3, 4});
  Var d = detach(x);
  CHECK(d.value == x.value);
  CHECK(d.grad == nullptr);
  tape.backward(sum(x * d));
  check_close(x.gradient(), {3, 4});
}

TEST_CASE("structure: errors name op and shapes") {
  Tape tape;
  Var x = tape.constant({4, 3}, Real(1)), scalar = tape.constant({}, Real(1));
  CHECK_THROWS_WITH(reshape(x, {5, 2}), "reshape: [4x3] has 12 elements, [5x2] has 10");
  CHECK_THROWS_WITH(slice(x, 3, 2), "slice: 2 entries from 3 on are not in shape [4x3]");
  CHECK_THROWS_WITH(slice(x, -1, 1), "slice: 1 entries from -1 on are not in shape [4x3]");
  CHECK_THROWS_WITH(slice(x, 0, -1), "slice: -1 entries from 0 on are not in shape [4x3]");
  CHECK_THROWS_WITH(slice(x, 5, 0), "slice: 0 entries from 5 on are not in shape [4x3]");
  CHECK_THROWS_AS(slice(x, 1, std::numeric_limits<Index>::max()), Error);
  CHECK_THROWS_WITH(slice(scalar, 0, 1), "slice: a scalar has no dimension to slice");
  CHECK_THROWS_WITH(concat({}), "concat: nothing to join");
  CHECK_THROWS_WITH(concat({scalar, scalar}), "concat: shape [] has no dimension 0");
  CHECK_THROWS_WITH(concat({x, x}, 2), "concat: shape [4x3] has no dimension 2");
  CHECK_THROWS_WITH(concat({x, tape.constant({4, 2}, Real(1))}),
                    "concat: shapes [4x3] and [4x2] differ outside dimension 0");
  CHECK_THROWS_WITH(concat({x, tape.constant({3}, Real(1))}, 1),
                    "concat: shapes [4x3] and [3] differ outside dimension 1");
}

}  // namespace l2l::structure_test
