#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::lstm_cell_test {

using namespace l2l::testing;

namespace {

/// The same from elementary ops: the formulas in ops.h.
LstmState composed(Var gates, Var c) {
  const Index H = c.shape[0];
  Var i = sigmoid(slice(gates, 0, H)), f = sigmoid(slice(gates, H, H));
  Var g = tanh(slice(gates, 2 * H, H)), o = sigmoid(slice(gates, 3 * H, H));
  Var next = f * c + i * g;
  return {o * tanh(next), next};
}

const std::vector<Shape> kStates{{1, 1}, {2, 3}, {3, 1}, {1, 7}, {0, 4}, {3, 0}, {5, 13}};

Shape gates_of(const Shape& c) { return {Index(4) * c[0], c[1]}; }

}  // namespace

TEST_CASE("lstm_cell: the fused cell is the composed one, in values and gradients") {
  Random random(1);
  for (const Shape& shape : kStates) {
    INFO(shape);
    const auto gates = uniform(random, 4 * shape.size(), -3, 3), c = uniform(random, shape.size(), -2, 2);
    const auto dh = uniform(random, shape.size()), dc = uniform(random, shape.size());
    std::vector<std::vector<double>> results[2];
    for (bool fused : {false, true}) {
      Tape tape;
      Var x = tape.variable(gates_of(shape), gates), state = tape.variable(shape, c);
      const auto [h, next] = fused ? lstm_cell(x, state) : composed(x, state);
      tape.backward(sum(h * tape.constant(shape, dh)) + sum(next * tape.constant(shape, dc)));
      for (auto part : {h.values(), next.values(), x.gradient(), state.gradient()}) {
        results[fused].emplace_back(part.begin(), part.end());
      }
    }
    for (std::size_t k = 0; k < results[0].size(); ++k) {
      const std::vector<Real> got(results[1][k].begin(), results[1][k].end());
      // A dozen factors, most of them of sigmoid or tanh: 30 roundings in each of two computations.
      check_close(got, rounded(results[0][k], 60));
    }
  }
}

TEST_CASE("lstm_cell: gradients, also when only one of the two outputs is used") {
  for (const Shape& shape : kStates) {
    if (shape.size() > 21) continue;  // the checker's time grows with the square
    INFO(shape);
    const std::vector<Shape> inputs{gates_of(shape), shape};
    check_gradient([](Tape&, auto x) { return lstm_cell(x[0], x[1]).h; }, inputs);
    check_gradient([](Tape&, auto x) { return lstm_cell(x[0], x[1]).c; }, inputs);
    const auto both = [](Tape&, auto x) {
      const auto [h, c] = lstm_cell(x[0], x[1]);
      return concat({h, c, h});
    };
    check_gradient(both, inputs);
  }
}

TEST_CASE("lstm_cell: constants on either side, and overlapping inputs") {
  check_gradient([](Tape& tape, auto x) { return lstm_cell(x[0], tape.constant({2, 3}, Real(0.5))).h; }, {Shape{8, 3}});
  check_gradient([](Tape& tape, auto x) { return lstm_cell(tape.constant({8, 3}, Real(0.5)), x[0]).h; }, {Shape{2, 3}});
  const auto overlapping = [](Tape&, auto x) {
    const auto [h, c] = lstm_cell(x[0], slice(x[0], 1, 2));
    return concat({h, c});
  };
  check_gradient(overlapping, {Shape{8, 9}});
}

TEST_CASE("lstm_cell: several steps") {
  const auto three_steps = [](Tape&, auto x) {
    LstmState state{x[1], x[1]};
    for (int t = 0; t < 3; ++t) state = lstm_cell(matmul(x[0], state.h), state.c);
    return state.h;
  };
  check_gradient(three_steps, {Shape{8, 2}, Shape{2, 3}});
}

TEST_CASE("lstm_cell: is one node") {
  Tape tape;
  lstm_cell(tape.variable({8, 3}, std::vector<Real>(24)), tape.constant({2, 3}, Real(0)));
  CHECK(tape.nodes() == 1);
}

TEST_CASE("lstm_cell: errors name the shapes") {
  Tape tape;
  Var c = tape.constant({2, 3}, Real(0));
  CHECK_THROWS_WITH(lstm_cell(tape.constant({8, 4}, Real(0)), c),
                    "lstm_cell: gates [8x4] and c [2x3] do not fit, [4HxN] and [HxN] would");
  CHECK_THROWS_WITH(lstm_cell(tape.constant({6, 3}, Real(0)), c),
                    "lstm_cell: gates [6x3] and c [2x3] do not fit, [4HxN] and [HxN] would");
  CHECK_THROWS_WITH(lstm_cell(c, tape.constant({2}, Real(0))),
                    "lstm_cell: gates [2x3] and c [2] do not fit, [4HxN] and [HxN] would");
}

}  // namespace l2l::lstm_cell_test
