#include <cmath>

#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::elementwise_test {

using namespace l2l::testing;

namespace {

// Scalars, nothing, one, and lengths that fill vector registers and do not.
const std::vector<Shape> kShapes{{}, {1}, {0}, {3, 0}, {1, 1}, {7}, {4, 5}, {2, 3, 1, 2}, {33}};

struct Unary {
  const char* name;
  Var (*op)(Var);
  double (*truth)(double);
  double low, high;  // where it is smooth
  int roundings = 1;
};

const Unary unary_ops[] = {
    {"-", [](Var x) { return -x; }, [](double x) { return -x; }, -2, 2},
    {"+ a", [](Var x) { return x + Real(0.75); }, [](double x) { return x + 0.75; }, -2, 2},
    {"a +", [](Var x) { return Real(0.75) + x; }, [](double x) { return 0.75 + x; }, -2, 2},
    {"- a", [](Var x) { return x - Real(0.75); }, [](double x) { return x - 0.75; }, -2, 2},
    {"a -", [](Var x) { return Real(0.75) - x; }, [](double x) { return 0.75 - x; }, -2, 2},
    {"* a", [](Var x) { return x * Real(-1.5); }, [](double x) { return x * -1.5; }, -2, 2},
    {"a *", [](Var x) { return Real(-1.5) * x; }, [](double x) { return -1.5 * x; }, -2, 2},
    {"/ a", [](Var x) { return x / Real(-1.5); }, [](double x) { return x / -1.5; }, -2, 2},
    {"a /", [](Var x) { return Real(-1.5) / x; }, [](double x) { return -1.5 / x; }, 0.5, 2},
    {"a / (negative)", [](Var x) { return Real(-1.5) / x; }, [](double x) { return -1.5 / x; }, -2, -0.5},
    {"square", [](Var x) { return square(x); }, [](double x) { return x * x; }, -2, 2},
    {"sqrt", [](Var x) { return sqrt(x); }, [](double x) { return std::sqrt(x); }, 0.3, 3},
    {"exp", [](Var x) { return exp(x); }, [](double x) { return std::exp(x); }, -3, 3, 4},
    {"log", [](Var x) { return log(x); }, [](double x) { return std::log(x); }, 0.3, 3, 4},
    {"abs", [](Var x) { return abs(x); }, [](double x) { return std::abs(x); }, 0.1, 2},
    {"abs (negative)", [](Var x) { return abs(x); }, [](double x) { return std::abs(x); }, -2, -0.1},
    {"cos", [](Var x) { return cos(x); }, [](double x) { return std::cos(x); }, -4, 4, 4},
    {"sigmoid", [](Var x) { return sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }, -4, 4, 4},
    {"tanh", [](Var x) { return tanh(x); }, [](double x) { return std::tanh(x); }, -3, 3, 4},
    {"relu", [](Var x) { return relu(x); }, [](double x) { return std::max(x, 0.0); }, 0.1, 2},
    {"relu (negative)", [](Var x) { return relu(x); }, [](double x) { return std::max(x, 0.0); }, -2, -0.1},
    {"elu", [](Var x) { return elu(x); }, [](double x) { return x; }, 0.1, 2},
    {"elu (negative)", [](Var x) { return elu(x); }, [](double x) { return std::exp(x) - 1; }, -3, -0.1, 8},
    {"softplus", [](Var x) { return softplus(x); }, [](double x) { return std::log(1 + std::exp(x)); }, -4, 4, 9},
};

struct Binary {
  const char* name;
  Var (*op)(Var, Var);
  double (*truth)(double, double);
};

const Binary binary_ops[] = {
    {"+", [](Var x, Var y) { return x + y; }, [](double x, double y) { return x + y; }},
    {"-", [](Var x, Var y) { return x - y; }, [](double x, double y) { return x - y; }},
    {"*", [](Var x, Var y) { return x * y; }, [](double x, double y) { return x * y; }},
    {"/", [](Var x, Var y) { return x / y; }, [](double x, double y) { return x / y; }},
};

/// The value and the derivative of a function at one number.
struct Point {
  Real value, derivative;
};
Point at(Var (*op)(Var), Real x) {
  Tape tape;
  Var v = tape.variable({}, {&x, 1});
  Var y = op(v);
  tape.backward(y);
  return {y.item(), v.gradient()[0]};
}
Point abs_at(Real x) {
  return at([](Var x) { return abs(x); }, x);
}
Point relu_at(Real x) {
  return at([](Var x) { return relu(x); }, x);
}
Point sigmoid_at(Real x) {
  return at([](Var x) { return sigmoid(x); }, x);
}
Point elu_at(Real x) {
  return at([](Var x) { return elu(x); }, x);
}
Point softplus_at(Real x) {
  return at([](Var x) { return softplus(x); }, x);
}

}  // namespace

TEST_CASE("elementwise: functions of one array have the right values and gradients") {
  Random random(1);
  for (const Unary& f : unary_ops) {
    for (const Shape& shape : kShapes) {
      INFO(f.name << ' ' << shape);
      const auto x = uniform(random, shape.size(), f.low, f.high);
      std::vector<double> expected;
      for (Real v : x) expected.push_back(f.truth(v));
      Tape tape;
      Var y = f.op(tape.constant(shape, x));
      CHECK(y.shape == shape);
      check_close(y.values(), rounded(expected, f.roundings));
      check_gradient([&](Tape&, auto x) { return f.op(x[0]); }, {shape}, f.low, f.high);
    }
  }
}

TEST_CASE("elementwise: functions of two arrays have the right values and gradients") {
  Random random(2);
  for (const Binary& f : binary_ops) {
    for (const Shape& shape : kShapes) {
      INFO(f.name << ' ' << shape);
      const auto x = uniform(random, shape.size(), 0.5, 2), y = uniform(random, shape.size(), 0.5, 2);
      std::vector<double> expected;
      for (std::size_t k = 0; k < x.size(); ++k) expected.push_back(f.truth(x[k], y[k]));
      Tape tape;
      Var z = f.op(tape.constant(shape, x), tape.constant(shape, y));
      CHECK(z.shape == shape);
      check_close(z.values(), rounded(expected, 1));

      check_gradient([&](Tape&, auto x) { return f.op(x[0], x[1]); }, {shape, shape}, 0.5, 2);
      check_gradient([&](Tape&, auto x) { return f.op(x[0], x[0]); }, {shape}, 0.5, 2);
      check_gradient([&](Tape& tape, auto x) { return f.op(tape.constant(shape, y), x[0]); }, {shape}, 0.5, 2);
      check_gradient([&](Tape& tape, auto x) { return f.op(x[0], tape.constant(shape, y)); }, {shape}, 0.5, 2);
    }
  }
}

TEST_CASE("elementwise: the two arrays may overlap") {
  for (const Binary& f : binary_ops) {
    INFO(f.name);
    check_gradient([&](Tape&, auto x) { return f.op(slice(x[0], 0, 40), slice(x[0], 1, 40)); }, {Shape{41}}, 0.5, 2);
  }
}

TEST_CASE("elementwise: kinks have the derivative 0") {
  CHECK(abs_at(0).value == 0);
  CHECK(abs_at(0).derivative == 0);
  CHECK(abs_at(Real(-0.0)).derivative == 0);
  CHECK(relu_at(0).value == 0);
  CHECK(relu_at(0).derivative == 0);
  CHECK(relu_at(Real(1e-30)).derivative == 1);
  CHECK(elu_at(0).value == 0);
  CHECK(elu_at(0).derivative == 1);
  CHECK(elu_at(-1e4).value == -1);
  CHECK(elu_at(-1e4).derivative == 0);
  CHECK(abs_at(Real(-1e-30)).derivative == -1);
}

TEST_CASE("elementwise: large arguments saturate without overflow") {
  CHECK(sigmoid_at(1e4).value == 1);
  CHECK(sigmoid_at(1e4).derivative == 0);
  CHECK(sigmoid_at(-1e4).value <= Real(2e-38));
  CHECK(sigmoid_at(-1e4).derivative <= Real(2e-38));
  CHECK(softplus_at(1e4).value == 1e4);
  CHECK(softplus_at(1e4).derivative == 1);
  CHECK(softplus_at(-1e4).value == 0);
  CHECK(softplus_at(-1e4).derivative == 0);
}

TEST_CASE("elementwise: NaN goes through, where a comparison could swallow it") {
  CHECK(std::isnan(relu_at(NAN).value));
  CHECK(std::isnan(elu_at(NAN).value));
  CHECK(std::isnan(abs_at(NAN).value));
  CHECK(std::isnan(softplus_at(NAN).value));
  CHECK(std::isnan(sigmoid_at(NAN).value));
}

TEST_CASE("elementwise: different shapes are refused, a scalar and a row among them") {
  Tape tape;
  Var a = tape.constant({2, 3}, Real(1)), b = tape.constant({3, 2}, Real(1));
  Var row = tape.constant({3}, Real(1)), scalar = tape.constant({}, Real(1));
  CHECK_THROWS_WITH(a + b, "+: shapes [2x3] and [3x2] differ");
  CHECK_THROWS_WITH(a - row, "-: shapes [2x3] and [3] differ");
  CHECK_THROWS_WITH(scalar * a, "*: shapes [] and [2x3] differ");
  CHECK_THROWS_WITH(a / reshape(a, {6}), "/: shapes [2x3] and [6] differ");
}

TEST_CASE("elementwise: a long array is the same for any number of threads") {
  Random random(4);
  const auto data = uniform(random, 100003);
  const auto run = [&](int threads) {
    Tape tape;
    tape.set_threads(threads);
    Var x = tape.variable({static_cast<Index>(data.size())}, data), y = tanh(x) * x;
    tape.backward(sum(y));
    std::vector<Real> result(y.values().begin(), y.values().end());
    result.insert(result.end(), x.gradient().begin(), x.gradient().end());
    return result;
  };
  const auto one = run(1);
  for (std::size_t k = 0; k < data.size(); k += 997) {
    const double x = data[k], y = std::tanh(x);
    CHECK(one[k] == rounded(y * x, 5, 1));
    // tanh's four twice, the square and the difference; a product, tanh again, and a sum
    CHECK(one[data.size() + k] == rounded((1 - y * y) * x + y, 16, 2));
  }
  for (int threads : {2, 3, 8}) CHECK(run(threads) == one);
}

TEST_CASE("elementwise: slices that overlap are the same for any number of threads") {
  Random random(5);
  const Index n = 100003;
  const auto data = uniform(random, n);
  const auto gradient = [&](int threads) {
    Tape tape;
    tape.set_threads(threads);
    Var x = tape.variable({n}, data);
    tape.backward(sum(slice(x, 1, n - 1) * slice(x, 0, n - 1)));
    return std::vector<Real>(x.gradient().begin(), x.gradient().end());
  };
  const auto one = gradient(1);
  for (Index k = 1; k + 1 < n; ++k) REQUIRE(one[k] == rounded(double(data[k - 1]) + data[k + 1], 1, 2));
  for (int round = 0; round < 20; ++round) CHECK(gradient(2 + round % 3) == one);
}

}  // namespace l2l::elementwise_test
