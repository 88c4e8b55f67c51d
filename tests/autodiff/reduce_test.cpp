#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::reduce_test {

using namespace l2l::testing;

namespace {
const std::vector<Shape> kMatrices{{1, 1}, {3, 4}, {1, 5}, {5, 1}, {0, 3}, {3, 0}, {0, 0}, {2, 19}};
}

TEST_CASE("reduce: bias and sums, by hand") {
  Tape tape;
  Var x = tape.constant({2, 3}, std::vector<Real>{1, 2, 3, 4, 5, 6});
  Var row = tape.constant({3}, std::vector<Real>{10, 20, 30});
  Var column = tape.constant({2}, std::vector<Real>{10, 20});
  check_close(add_row_bias(x, row).values(), {11, 22, 33, 14, 25, 36});
  check_close(add_column_bias(x, column).values(), {11, 12, 13, 24, 25, 26});
  check_close(row_sums(x).values(), {6, 15});
  check_close(column_sums(x).values(), {5, 7, 9});
  CHECK(sum(x).item() == 21);
  CHECK(mean(x).item() == Real(3.5));
  CHECK(squared_distance(x, tape.constant({2, 3}, Real(2))).item() == 31);  // 1 + 0 + 1 + 4 + 9 + 16
  CHECK(row_sums(x).shape == Shape{2});
  CHECK(column_sums(x).shape == Shape{3});
  CHECK(sum(x).shape == Shape{});
  CHECK(mean(x).shape == Shape{});
}

TEST_CASE("reduce: gradients") {
  for (const Shape& shape : kMatrices) {
    INFO(shape);
    const Shape row{shape[1]}, column{shape[0]};
    check_gradient([](Tape&, auto x) { return add_row_bias(x[0], x[1]); }, {shape, row});
    check_gradient([](Tape&, auto x) { return add_column_bias(x[0], x[1]); }, {shape, column});
    check_gradient([](Tape&, auto x) { return row_sums(x[0]); }, {shape});
    check_gradient([](Tape&, auto x) { return column_sums(x[0]); }, {shape});
    check_gradient([](Tape&, auto x) { return sum(x[0]); }, {shape});
    check_gradient([](Tape&, auto x) { return squared_distance(x[0], x[1]); }, {shape, shape});
    if (shape.size() > 0) check_gradient([](Tape&, auto x) { return mean(x[0]); }, {shape});
  }
  check_gradient([](Tape&, auto x) { return sum(x[0]) + mean(x[0]); }, {Shape{}});
  check_gradient([](Tape&, auto x) { return sum(x[0]) + mean(x[0]); }, {Shape{2, 3, 2}});
}

TEST_CASE("reduce: a bias added to a constant, and a constant as bias") {
  const auto ones = [](Tape& tape, const Shape& shape) { return tape.constant(shape, Real(1)); };
  check_gradient([&](Tape& tape, auto x) { return add_row_bias(ones(tape, {3, 2}), x[0]); }, {Shape{2}});
  check_gradient([&](Tape& tape, auto x) { return add_row_bias(x[0], ones(tape, {2})); }, {Shape{3, 2}});
  check_gradient([&](Tape& tape, auto x) { return add_column_bias(ones(tape, {3, 2}), x[0]); }, {Shape{3}});
  check_gradient([&](Tape& tape, auto x) { return add_column_bias(x[0], ones(tape, {3})); }, {Shape{3, 2}});
}

TEST_CASE("reduce: a bias may be part of what it is added to") {
  const auto first_row = [](Var x) { return reshape(slice(x, 0, 1), {x.shape[1]}); };
  check_gradient([&](Tape&, auto x) { return add_row_bias(x[0], first_row(x[0])); }, {Shape{3, 4}});
  check_gradient([&](Tape&, auto x) { return add_column_bias(x[0], first_row(x[0])); }, {Shape{3, 3}});
}

TEST_CASE("squared_distance: constants, overlapping slices, the same bytes for any number of threads") {
  check_gradient(
      [](Tape& tape, auto x) {
        return squared_distance(x[0], tape.constant({2, 3}, Real(.5)));
      },
      {Shape{2, 3}});
  check_gradient(
      [](Tape& tape, auto x) {
        return squared_distance(tape.constant({2, 3}, Real(.5)), x[0]);
      },
      {Shape{2, 3}});
  check_gradient([](Tape&, auto x) { return squared_distance(slice(x[0], 0, 3), slice(x[0], 1, 3)); }, {Shape{4, 2}});
  Random random(4);
  const Index n = (1 << 15) + 7;  // several pieces
  const std::vector<Real> x = uniform(random, n), y = uniform(random, n);
  Sum expected;
  for (Index k = 0; k < n; ++k) {
    const Sum::Wide difference = static_cast<Sum::Wide>(x[k]) - y[k];
    expected.add(difference * difference);
  }
  std::vector<Near> gradient;  // with a rounding of the difference and of the product
  for (Index k = 0; k < n; ++k) gradient.push_back(rounded(2 * (static_cast<double>(x[k]) - y[k]), 2));
  for (const int threads : {1, 3}) {
    Tape tape;
    tape.set_threads(threads);
    const Var a = tape.variable({n}, x), d = squared_distance(a, tape.constant({n}, y));
    CHECK(d.item() == static_cast<Near>(expected));
    tape.backward(d);
    check_close(a.gradient(), gradient);
  }
  Tape tape;
  CHECK_THROWS_WITH(squared_distance(tape.constant({2}, Real(1)), tape.constant({3}, Real(1))),
                    "squared_distance: shapes [2] and [3] differ");
}

TEST_CASE("reduce: the sum of nothing is 0, and every length counts each element once") {
  Tape tape;
  CHECK(sum(tape.constant({0}, Real(1))).item() == 0);
  check_close(row_sums(tape.constant({2, 0}, Real(1))).values(), {0, 0});
  check_close(column_sums(tape.constant({0, 2}, Real(1))).values(), {0, 0});
  for (Index n = 1; n < 40; ++n) {
    std::vector<Real> x(n);
    for (Index k = 0; k < n; ++k) x[k] = static_cast<Real>(k + 1);
    CHECK(sum(tape.constant({n}, x)).item() == static_cast<Real>(n * (n + 1) / 2));
  }
}

TEST_CASE("reduce: a long sum keeps its digits") {
  const std::vector<Real> x(1'000'000, Real(0.1));
  Tape tape;
  // In double, by 8 lanes: equal terms are rounded to the same side again and again, which is the worst case. Then the
  // sum is rounded once, the mean twice.
  const double lanes = 1e6 / 8 * kUnit<double>, value = x[0];
  CHECK(sum(tape.leaf({1'000'000}, x.data())).item() == Near(1e6 * value, (lanes + kUnit<>)*1e6 * value));
  CHECK(mean(tape.leaf({1'000'000}, x.data())).item() == Near(value, (lanes + 2 * kUnit<>)*value));
}

TEST_CASE("reduce: errors name op and shapes") {
  Tape tape;
  Var x = tape.constant({2, 3}, Real(1)), v = tape.constant({2}, Real(1));
  CHECK_THROWS_WITH(add_row_bias(x, v), "add_row_bias: shapes [2x3] and [2] do not fit, [NxM] and [M] would");
  CHECK_THROWS_WITH(add_row_bias(v, v), "add_row_bias: shapes [2] and [2] do not fit, [NxM] and [M] would");
  CHECK_THROWS_WITH(add_column_bias(x, x), "add_column_bias: shapes [2x3] and [2x3] do not fit, [NxM] and [N] would");
  CHECK_THROWS_WITH(row_sums(v), "row_sums: shape [2] is not a matrix");
  CHECK_THROWS_WITH(column_sums(v), "column_sums: shape [2] is not a matrix");
  CHECK_THROWS_WITH(mean(tape.constant({3, 0}, Real(1))), "mean: shape [3x0] is empty");
}

}  // namespace l2l::reduce_test
