#include <cmath>

#include "autodiff/images/ops.h"
#include "tests/autodiff/testing.h"

namespace l2l::norm_relu_pool_test {

using namespace l2l::testing;

namespace {

const Shape kShapes[] = {
    {2, 3, 4, 6},  // the usual kind
    {3, 2, 5, 2},  // a row left over
    {2, 2, 2, 7},  // a column left over
    {1, 1, 5, 5},  // both
    {2, 2, 4, 74},  // longer than two vector registers
    {1, 0, 2, 2},  // no channel
};

struct Result {
  std::vector<Real> y, dx, dgain, dbias;
  bool operator==(const Result&) const = default;
};
std::vector<Real> to_vector(std::span<const Real> x) { return {x.begin(), x.end()}; }

/// Two computations of some 40 roundings each, and of the sums over a channel.
double roundings_of(const Shape& shape) {
  return 2 * (40 + static_cast<double>(shape.size()) / std::max<Index>(shape[1], 1));
}

Var composed(Var x, Var gain, Var bias, double eps = 1e-5) {
  return max_pool2d(relu(batch_norm(x, gain, bias, eps)), 2);
}
Var fused(Var x, Var gain, Var bias, double eps = 1e-5) { return batch_norm_relu_max_pool(x, gain, bias, eps); }

/// The value of an op, and the gradients of Σ_k wave_k y_k.
Result evaluate(Var (*op)(Var, Var, Var, double), const Shape& shape, const std::vector<Real>& data,
                const std::vector<Real>& gains, const std::vector<Real>& biases, int threads = 1) {
  Tape tape;
  tape.set_threads(threads);
  const Shape channels{shape[1]};
  Var x = tape.variable(shape, data), gain = tape.variable(channels, gains), bias = tape.variable(channels, biases);
  Var y = op(x, gain, bias, 1e-3);
  tape.backward(sum(y * tape.constant(y.shape, wave(y.size(), .9))));
  return {to_vector(y.values()), to_vector(x.gradient()), to_vector(gain.gradient()), to_vector(bias.gradient())};
}

}  // namespace

TEST_CASE("batch_norm_relu_max_pool: equals the three ops, for any number of threads") {
  Random random(1);
  for (const Shape& shape : kShapes) {
    INFO(shape);
    const auto x = uniform(random, shape.size()), gain = uniform(random, shape[1]), bias = uniform(random, shape[1]);
    const Result one = evaluate(fused, shape, x, gain, bias), three = evaluate(composed, shape, x, gain, bias);
    const double n = roundings_of(shape);
    check_close(one.y, rounded(three.y, n));
    check_close(one.dx, rounded(three.dx, n));
    check_close(one.dgain, rounded(three.dgain, n));
    check_close(one.dbias, rounded(three.dbias, n));
    CHECK(evaluate(fused, shape, x, gain, bias, 3) == one);
    CHECK(evaluate(composed, shape, x, gain, bias, 3) == three);
  }
}

TEST_CASE("batch_norm_relu_max_pool: of equal elements the first gets the gradient, at every place of a register") {
  const Shape shape{1, 1, 2, 74};
  Random random(2);
  std::vector<Real> x(shape.size());
  for (Real& v : x) v = static_cast<Real>(random() % 3);
  for (const Real gain : {1, 0, -1}) {  // 0: all elements become equal
    for (const Real bias : {Real(0.3), Real(-0.1)}) {
      check_close(evaluate(fused, shape, x, {gain}, {bias}).dx,
                  rounded(evaluate(composed, shape, x, {gain}, {bias}).dx, roundings_of(shape)));
    }
  }
}

TEST_CASE("batch_norm_relu_max_pool: gradients") {
  if (!kDouble) return;  // in float the steps of the differences are so wide that they cross the kinks
  for (const Shape& shape : kShapes) {
    if (shape.size() > 200) continue;
    INFO(shape);
    const Shape channels{shape[1]};
    check_gradient([](Tape&, auto x) { return fused(x[0], x[1], x[2]); }, {shape, channels, channels});
    Random random(3);
    const auto x0 = uniform(random, shape.size()), other = uniform(random, shape[1], 0.5);
    check_gradient([&](Tape& t, auto x) { return fused(t.constant(shape, x0), x[0], x[1]); }, {channels, channels});
    check_gradient([&](Tape& t, auto x) { return fused(x[0], t.constant(channels, other), x[1]); }, {shape, channels});
  }
}

TEST_CASE("batch_norm_relu_max_pool: NaN is not hidden") {
  std::vector<Real> x{1, 2, 3, 4, 5, 6, 7, 8};
  x[5] = NAN;
  for (const Real y : evaluate(fused, {1, 1, 2, 4}, x, {1}, {0}).y) CHECK(std::isnan(y));
}

TEST_CASE("batch_norm_relu_max_pool: errors name shapes") {
  Tape tape;
  const auto call = [&](const Shape& x, const Shape& gain) {
    return fused(tape.constant(x, Real(1)), tape.constant(gain, Real(1)), tape.constant(gain, Real(1)));
  };
  CHECK_THROWS_WITH(call({1, 2, 4, 4}, {3}),
                    "batch_norm_relu_max_pool: x [1x2x4x4], gain [3] and bias [3] do not fit; [NxCxHxW] or [NxC], [C] "
                    "and [C] would");
  CHECK_THROWS_WITH(call({4, 2}, {2}), "batch_norm_relu_max_pool: x [4x2] is not [NxCxHxW] with a window of 2x2");
  CHECK_THROWS_WITH(call({1, 2, 4, 1}, {2}),
                    "batch_norm_relu_max_pool: x [1x2x4x1] is not [NxCxHxW] with a window of 2x2");
  CHECK_THROWS_WITH(call({0, 2, 4, 4}, {2}), "batch_norm_relu_max_pool: x [0x2x4x4] has nothing to take a mean of");
}

}  // namespace l2l::norm_relu_pool_test
