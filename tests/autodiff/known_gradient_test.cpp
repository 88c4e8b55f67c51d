#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::known_gradient_test {

using namespace l2l::testing;

TEST_CASE("known_gradient: brings a function differentiated on an inner tape to an outer one") {
  // f(x) = Σ x³, computed inside; the loss outside is (f(2θ))², so ∂loss/∂θ = 2 f · 3 (2θ)² · 2.
  const std::vector<Real> start{1, -2, 0.5};
  Tape inner, outer;
  Var theta = outer.variable({3}, start);
  Var x = theta * 2;

  Var copy = inner.variable({3}, x.values());
  Var f = sum(square(copy) * copy);
  inner.backward(f);
  Var outside = known_gradient(x, f.item(), copy.gradient());
  inner.clear();  // value and gradient were copied
  inner.constant({100}, Real(-1));

  outer.backward(square(outside));
  const double value = 8 * (1 - 8 + 0.125);
  CHECK(outside.item() == value);
  CHECK(outside.shape == Shape{});
  std::vector<double> expected;
  for (double t : {1.0, -2.0, 0.5}) expected.push_back(2 * value * 3 * (2 * t) * (2 * t) * 2);
  check_close(theta.gradient(), expected);
}

TEST_CASE("known_gradient: passes the check when what it is told is true, and only then") {
  const auto sum_of_squares = [](Real slope) {
    return [slope](Tape&, std::span<const Var> x) {
      Real f = 0;
      std::vector<Real> gradient;
      for (Real v : x[0].values()) {
        f += v * v;
        gradient.push_back(slope * v);
      }
      return known_gradient(x[0], f, gradient);
    };
  };
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{0}, Shape{2, 3}}) {
    check_gradient(sum_of_squares(2), {shape});
    if (shape.size() > 0) CHECK_FALSE(gradcheck(sum_of_squares(3), {shape}));
  }
}

TEST_CASE("known_gradient: of a constant it is a constant") {
  Tape tape;
  Var f = known_gradient(tape.constant({2}, Real(1)), 7, std::vector<Real>{1, 2});
  CHECK(f.item() == 7);
  CHECK(f.grad == nullptr);
  CHECK(tape.nodes() == 0);
}

TEST_CASE("known_gradient: the gradient must have as many elements as x") {
  Tape tape;
  Var x = tape.variable({3}, std::vector<Real>{1, 2, 3});
  CHECK_THROWS_WITH(known_gradient(x, 1, std::vector<Real>{1, 2}),
                    "known_gradient: x has shape [3], its gradient has 2 elements");
}

}  // namespace l2l::known_gradient_test
