#include "autodiff/gradcheck.h"

#include <cmath>
#include <limits>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "tests/tolerance.h"

namespace l2l::gradcheck_test {

using l2l::testing::kUnit;
using l2l::testing::Near;
using l2l::testing::roundings;

namespace {

using Points = std::vector<std::vector<Real>>;

// Ops as a user might write them, each but the first with one mistake in its backward. Their value is 3x.

template <class Backward>
Var three_x(Var x, Backward backward) {
  auto y = Tape::output("three_x", x.shape, {x});
  for (Index k = 0; k < x.size(); ++k) y.out[k] = 3 * x.value[k];
  y.tape->record("three_x", {x}, y, [=] { backward(x, y); });
  return y;
}

Var correct(Var x) {
  return three_x(x, [](Var x, Var y) {
    for (Index k = 0; k < x.size(); ++k) x.grad[k] += 3 * y.grad[k];
  });
}

Var wrong_scale(Var x) {
  return three_x(x, [](Var x, Var y) {
    for (Index k = 0; k < x.size(); ++k) x.grad[k] += Real(3.2) * y.grad[k];
  });
}

Var transposed(Var x) {
  return three_x(x, [](Var x, Var y) {
    const Index n = x.shape[0];
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) x.grad[i * n + j] += 3 * y.grad[j * n + i];
    }
  });
}

Var overwriting(Var x) {
  return three_x(x, [](Var x, Var y) {
    for (Index k = 0; k < x.size(); ++k) x.grad[k] = 3 * y.grad[k];
  });
}

Var forgetful(Var x) {
  return three_x(x, [](Var, Var) {});
}

Var not_a_number(Var x) {
  return three_x(x, [](Var x, Var y) {
    for (Index k = 0; k < x.size(); ++k) x.grad[k] += 3 * y.grad[k];
    x.grad[x.size() - 1] = NAN;
  });
}

GradientCheck check(Var (*op)(Var)) {
  return gradcheck([=](Tape&, auto x) { return op(x[0]); }, {Shape{3, 3}});
}

}  // namespace

TEST_CASE("gradcheck: a right gradient passes") {
  const GradientCheck result = check(correct);
  INFO(result.worst);
  CHECK(result);
  CHECK(result.ok());
  CHECK(result.tolerance == (sizeof(Real) == 8 ? 1e-6 : 2e-2));
}

TEST_CASE("gradcheck: a wrong gradient fails, whatever is wrong with it") {
  // The functions are linear: the error of the differences is the rounding of a sum of 9 terms, of at most
  // 9 · 1.5 · 4.5, divided by the step.
  const double noise = roundings(18) * kUnit<> * 61 / GradientCheckOptions().step;
  CHECK_FALSE(check(wrong_scale));
  CHECK(check(wrong_scale).error == Near(0.2 / 3.2, noise));
  CHECK_FALSE(check(transposed));
  CHECK_FALSE(check(overwriting));
  CHECK(check(overwriting).error == Near(0.5, noise));
  CHECK_FALSE(check(forgetful));
  CHECK(check(forgetful).error == 1);
  CHECK_FALSE(check(not_a_number));
  CHECK(std::isinf(check(not_a_number).error));
}

TEST_CASE("gradcheck: a plain sum would hide a transposed gradient") {
  CHECK(gradcheck([](Tape&, auto x) { return sum(transposed(x[0])); }, {Shape{3, 3}}));
}

TEST_CASE("gradcheck: says where the worst error is, in which input") {
  const auto second_wrong = [](Tape&, auto x) { return sum(correct(x[0])) + sum(not_a_number(x[1])); };
  const GradientCheck result = gradcheck(second_wrong, {Shape{3, 3}, Shape{2}});
  CHECK_FALSE(result);
  CHECK(result.worst.find("input 1 [2], element 1: backward says ") == 0);
}

TEST_CASE("gradcheck: a small wrong gradient beside another input's large one is found") {
  const auto f = [](Tape&, auto x) { return sum(Real(100) * x[0]) + sum(wrong_scale(x[1])); };
  CHECK_FALSE(gradcheck(f, {Shape{2}, Shape{2}}));
}

TEST_CASE("gradcheck: rounding is not taken for a gradient where there is none") {
  const auto one = [](Tape&, auto x) { return x[0] / x[0]; };
  CHECK(gradcheck(one, {Shape{33}}, {.low = 0.5, .high = 2}));
  const auto zero = [](Tape&, auto x) { return softmax_cross_entropy(x[0], std::vector<int>(5)); };
  CHECK(gradcheck(zero, {Shape{5, 1}}));
}

TEST_CASE("gradcheck: a function that overflows fails") {
  constexpr Real max = std::numeric_limits<Real>::max();
  const auto times = [](Real a) { return [=](Tape&, auto x) { return x[0] * a; }; };
  CHECK(std::isinf(gradcheck(times(max), {Shape{2}}, Points{{2, -2}}).error));
  // Finite below the point, infinite above, and a finite derivative: the checker's first weight is 1.118.
  CHECK(std::isinf(gradcheck(times(max / 4), {Shape{1}}, Points{{Real(4 / 1.1180339887498949)}}).error));
}

TEST_CASE("gradcheck: inputs that do not matter and empty ones are no error") {
  const auto first = [](Tape&, auto x) { return square(x[0]); };
  CHECK(gradcheck(first, {Shape{2}, Shape{3}}));
  CHECK(gradcheck(first, {Shape{0, 4}}).error == 0);
}

TEST_CASE("gradcheck: constants come from the tape it hands over") {
  const std::vector<Real> a{1, -2, 3};
  CHECK(gradcheck([&](Tape& tape, auto x) { return x[0] * tape.constant({3}, a); }, {Shape{3}}));
}

TEST_CASE("gradcheck: works at the points that it is given") {
  // |x| is wrong nowhere but at its kink, where the difference quotient is 0 as well.
  const auto f = [](Tape&, auto x) { return abs(x[0]); };
  CHECK(gradcheck(f, {Shape{3}}, Points{{1, -1, 0}}));
  // Within reach of the kink the two disagree.
  const Real near = static_cast<Real>(GradientCheckOptions().step / 2);
  CHECK_FALSE(gradcheck(f, {Shape{1}}, Points{{near}}));
}

TEST_CASE("gradcheck: errors") {
  const auto f = [](Tape&, auto x) { return square(x[0]); };
  CHECK_THROWS_WITH(gradcheck(f, {Shape{3}}, Points{}), "gradcheck: 1 inputs, 0 points");
  CHECK_THROWS_WITH(gradcheck(f, {Shape{3}}, Points{{1, 2}}), "variable: 2 numbers given for shape [3], which takes 3");
  CHECK_THROWS_WITH(gradcheck([](Tape&, auto x) { return detach(x[0]); }, {Shape{3}}),
                    "backward: the loss depends on no variable");
}

}  // namespace l2l::gradcheck_test
