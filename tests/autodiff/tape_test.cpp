#include "autodiff/tape.h"

#include <cmath>
#include <limits>
#include <string>

#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::tape_test {

using namespace l2l::testing;

namespace {
const std::vector<Real> kOneTwoThree{1, 2, 3};
}

// ---- Leaves -----------------------------------------------------------------------------------------------------

TEST_CASE("tape: leaves hold what they are given") {
  Tape tape;
  std::vector<Real> data = kOneTwoThree;
  Var x = tape.variable({3}, data);
  Var c = tape.constant({3}, data);
  Var two = tape.constant({2, 2}, Real(2));
  data[0] = 7;  // copied: no effect
  check_close(x.values(), {1, 2, 3});
  check_close(x.gradient(), {0, 0, 0});
  check_close(c.values(), {1, 2, 3});
  check_close(two.values(), {2, 2, 2, 2});
  CHECK(c.grad == nullptr);
  CHECK(two.grad == nullptr);
  CHECK(tape.nodes() == 0);
}

TEST_CASE("tape: a leaf in the caller's memory is read there, and its gradient added there") {
  const std::vector<Real> x{1, 2, 3};
  std::vector<Real> gradient{10, 10, 10};
  Tape tape;
  for (int round = 0; round < 2; ++round) {
    tape.clear();
    Var v = tape.leaf({3}, x.data(), gradient.data());
    CHECK(v.value == x.data());
    tape.backward(sum(square(v)));
  }
  check_close(gradient, {14, 18, 22});
  tape.clear();
  CHECK(tape.leaf({3}, x.data()).grad == nullptr);

  // Also when the loss is the leaf itself.
  Real total = 5;
  tape.backward(tape.leaf({}, x.data(), &total));
  CHECK(total == 6);
}

TEST_CASE("tape: the count of numbers must fit the shape") {
  Tape tape;
  CHECK_THROWS_WITH(tape.constant({2, 2}, kOneTwoThree), "constant: 3 numbers given for shape [2x2], which takes 4");
  CHECK_THROWS_WITH(tape.variable({}, kOneTwoThree), "variable: 3 numbers given for shape [], which takes 1");
}

// ---- Differentiation --------------------------------------------------------------------------------------------

TEST_CASE("tape: the chain rule, by hand") {
  // f = Σ (x y + x²),  ∂f/∂x = y + 2x,  ∂f/∂y = x
  Tape tape;
  Var x = tape.variable({3}, kOneTwoThree);
  Var y = tape.variable({3}, std::vector<Real>{-1, 0, 5});
  Var product = x * y;
  Var f = sum(product + square(x));
  CHECK(f.item() == -1 + 1 + 4 + 15 + 9);
  tape.backward(f);
  check_close(x.gradient(), {1, 4, 11});
  check_close(y.gradient(), {1, 2, 3});
  check_close(product.gradient(), {1, 1, 1});  // arrays on the way have theirs, too
  CHECK(tape.nodes() == 4);
}

TEST_CASE("tape: gradients add up over every use") {
  Tape tape;
  Var x = tape.variable({}, std::vector<Real>{3});
  Var y = x;
  for (int k = 0; k < 10; ++k) y = y + y;  // 1024 x along 1024 paths
  tape.backward(y);
  CHECK(x.gradient()[0] == 1024);
}

TEST_CASE("tape: the loss may be a variable, a view, or have one element in many dimensions") {
  Tape tape;
  Var x = tape.variable({3}, kOneTwoThree);
  tape.backward(slice(x, 1, 1));
  check_close(x.gradient(), {0, 1, 0});
  tape.clear();
  Var y = tape.variable({1, 1, 1}, std::vector<Real>{4});
  tape.backward(square(y));
  check_close(y.gradient(), {8});
}

TEST_CASE("tape: nodes that the loss does not depend on change nothing") {
  Tape tape;
  Var x = tape.variable({3}, kOneTwoThree);
  Var loss = sum(x);
  sum(exp(x));  // later than the loss
  tape.backward(loss);
  check_close(x.gradient(), {1, 1, 1});
}

TEST_CASE("tape: two tapes are alive at once and independent of each other") {
  Tape outer, inner;
  Var x = outer.variable({3}, kOneTwoThree);
  Var y = square(x);
  Var z = inner.variable({3}, y.values());
  inner.backward(sum(exp(z * Real(0.1))));
  inner.clear();
  outer.backward(sum(y));
  check_close(x.gradient(), {2, 4, 6});
}

TEST_CASE("tape: constants cost no nodes, and may be computed with after backward") {
  Tape tape;
  Var c = tape.constant({3}, kOneTwoThree);
  Var y = sum(square(c));
  CHECK(y.grad == nullptr);
  CHECK(tape.nodes() == 0);
  Var x = tape.variable({3}, kOneTwoThree);
  tape.backward(sum(x));
  CHECK(sum(square(detach(x))).item() == 14);
}

// ---- Rounds -----------------------------------------------------------------------------------------------------

TEST_CASE("tape: clear starts a new round in the same memory") {
  Tape tape;
  std::size_t held = 0;
  for (int round = 0; round < 4; ++round) {
    tape.clear();
    CHECK(tape.nodes() == 0);
    CHECK(tape.bytes_used() == 0);
    Var x = tape.variable({40, 40}, std::vector<Real>(1600, Real(round)));
    Var y = x;
    for (int k = 0; k < 20; ++k) y = y + x;
    tape.backward(sum(y));
    CHECK(x.gradient()[7] == 21);
    if (round >= 1) CHECK(tape.bytes_held() == tape.bytes_used());
    if (round == 1) held = tape.bytes_held();
    if (round >= 1) CHECK(tape.bytes_held() == held);
  }
}

TEST_CASE("tape: a Var of a cleared tape is refused wherever it turns up") {
  Tape tape;
  Var x = tape.variable({3}, kOneTwoThree);
  Var view = slice(x, 0, 2);
  Var s = sum(x);
  tape.clear();
  Var fresh = tape.variable({3}, kOneTwoThree);
  const std::string rest = ": a Var of shape [3] from before its tape was cleared; create it again after clear()";
  CHECK_THROWS_WITH(x.values(), "values" + rest);
  CHECK_THROWS_WITH(x.gradient(), "gradient" + rest);
  CHECK_THROWS_WITH(exp(x), "exp" + rest);
  CHECK_THROWS_WITH(fresh * x, "*" + rest);
  CHECK_THROWS_WITH(x * fresh, "*" + rest);
  CHECK_THROWS_WITH(slice(x, 0, 1), "slice" + rest);
  CHECK_THROWS_WITH(reshape(x, {3, 1}), "reshape" + rest);
  CHECK_THROWS_WITH(detach(x), "detach" + rest);
  CHECK_THROWS_WITH(concat({fresh, x}), "concat" + rest);
  CHECK_THROWS_WITH(view.values(),
                    "values: a Var of shape [2] from before its tape was cleared; create it again after clear()");
  CHECK_THROWS_WITH(s.item(),
                    "item: a Var of shape [] from before its tape was cleared; create it again after clear()");
  CHECK_THROWS_WITH(tape.backward(s),
                    "backward: a Var of shape [] from before its tape was cleared; create it again after clear()");
}

TEST_CASE("tape: mixing tapes is refused") {
  Tape tape, other;
  Var x = tape.variable({3}, kOneTwoThree);
  Var y = other.variable({3}, kOneTwoThree);
  CHECK_THROWS_WITH(x + y, "+: its inputs are on two different tapes");
  CHECK_THROWS_WITH(concat({x, y}), "concat: its inputs are on two different tapes");
  CHECK_THROWS_WITH(tape.backward(sum(y)), "backward: the loss is on another tape");
}

TEST_CASE("tape: what backward refuses") {
  Tape tape;
  Var x = tape.variable({3}, kOneTwoThree);
  CHECK_THROWS_WITH(tape.backward(x), "backward: the loss has shape [3], it must be a scalar: sum() it");
  CHECK_THROWS_WITH(tape.backward(sum(detach(x))), "backward: the loss depends on no variable");
  CHECK_THROWS_WITH(tape.backward(Var{}), "backward: a Var that was never made by a tape");
  CHECK_THROWS_WITH(tape.backward(tape.variable({0}, {})),
                    "backward: the loss has shape [0], it must be a scalar: sum() it");
  Var loss = sum(square(x));
  tape.backward(loss);
  CHECK_THROWS_WITH(tape.backward(loss), "backward: this tape has run backward already; clear() it and record again");
  CHECK_THROWS_WITH(square(x), "square: its tape has run backward; clear() it before recording again");
  check_close(x.gradient(), {2, 4, 6});  // unchanged
}

TEST_CASE("tape: what reading refuses") {
  Tape tape;
  Var c = tape.constant({3}, kOneTwoThree);
  CHECK_THROWS_WITH(c.gradient(), "gradient: this Var of shape [3] is a constant; make it with Tape::variable");
  CHECK_THROWS_WITH(c.item(), "item: shape [3] has 3 elements, only one has an item");
  CHECK_THROWS_WITH(Var{}.values(), "values: a Var that was never made by a tape");
  CHECK_THROWS_WITH(exp(Var{}), "exp: a Var that was never made by a tape");
}

// ---- Debug mode -------------------------------------------------------------------------------------------------

TEST_CASE("tape: debug mode names the op that first made a value that is not finite") {
  const std::vector<Real> data{1, -1, 0};
  Tape tape;
  Var quiet = tape.variable({3}, data);
  CHECK(std::isnan(sum(square(log(quiet))).item()));  // without it, nothing is said

  tape.clear();
  tape.set_debug(true);
  Var x = tape.variable({3}, data);
  Var y = exp(x);
  CHECK_THROWS_WITH(log(x) * y, "log: value is nan at element 1 of [3] (node 1 of the tape)");
  CHECK_THROWS_WITH(y / x, "/: value is inf at element 2 of [3] (node 1 of the tape)");
  CHECK_THROWS_WITH(log(detach(x)), "log: value is nan at element 1 of [3] (node 1 of the tape)");
  CHECK_THROWS_WITH(known_gradient(detach(x), std::numeric_limits<Real>::infinity(), data),
                    "known_gradient: value is inf at element 0 of [] (node 1 of the tape)");
}

TEST_CASE("tape: debug mode names a leaf that is not finite") {
  const std::vector<Real> data{1, -std::numeric_limits<Real>::infinity()};
  Tape tape;
  tape.set_debug(true);
  CHECK_THROWS_WITH(tape.variable({2}, data), "leaf: value is -inf at element 1 of [2] (node 0 of the tape)");
  CHECK_THROWS_WITH(tape.leaf({2}, data.data()), "leaf: value is -inf at element 1 of [2] (node 0 of the tape)");
  CHECK_THROWS_WITH(tape.constant({2}, Real(NAN)), "leaf: value is nan at element 0 of [2] (node 0 of the tape)");
}

TEST_CASE("tape: debug mode names the op whose backward first made a gradient that is not finite") {
  Tape tape;
  tape.set_debug(true);
  Var x = tape.variable({2}, std::vector<Real>{4, 0});
  Var loss = sum(square(sqrt(x * 1) + 1));
  CHECK_THROWS_WITH(tape.backward(loss),
                    "sqrt: gradient for its input is inf at element 1 of [2] (node 1 of the tape)");
}

TEST_CASE("tape: debug mode changes no result and can be switched in the middle") {
  Tape tape;
  for (bool first : {false, true}) {
    for (bool second : {false, true}) {
      for (bool third : {false, true}) {
        tape.clear();
        tape.set_debug(first);
        Var x = tape.variable({3}, kOneTwoThree);
        Var y = square(x);
        tape.set_debug(second);
        Var loss = sum(y * x);
        tape.set_debug(third);
        tape.backward(loss);
        check_close(x.gradient(), {3, 12, 27});
      }
    }
  }
}

TEST_CASE("tape: an op recorded without debug mode is not mistaken for an earlier one with it") {
  Tape tape;
  tape.set_debug(true);
  exp(tape.variable({3}, kOneTwoThree));
  tape.clear();
  tape.set_debug(false);
  tape.constant({1000}, Real(1));  // where the inputs of exp were noted
  Var x = tape.variable({3}, kOneTwoThree);
  Var loss = sum(square(x));
  tape.set_debug(true);
  tape.backward(loss);
  check_close(x.gradient(), {2, 4, 6});
}

TEST_CASE("tape: in debug mode a node tells its op, its inputs and its result") {
  Tape tape;
  tape.set_debug(true);
  Var x = tape.variable({3}, kOneTwoThree), c = tape.constant({3}, Real(2));
  Var y = x * c, z = sum(y);
  const auto [op, inputs, result] = tape.node(0);
  CHECK(op == std::string("*"));
  REQUIRE(inputs.size() == 2);
  CHECK((inputs[0].value == x.value && inputs[0].grad == x.grad && inputs[1].value == c.value && !inputs[1].grad));
  CHECK((result.value == y.value && result.grad == y.grad && result.shape == y.shape));
  CHECK(tape.node(1).result.value == z.value);
  CHECK_THROWS_WITH(tape.node(2), "node: there are 2 nodes on the tape, none has the number 2");
  tape.set_debug(false);
  exp(x);
  CHECK_THROWS_WITH(tape.node(2),
                    "node: exp (node 2 of the tape) was recorded without debug mode, so its inputs are unknown; call "
                    "set_debug(true) first");
  CHECK_FALSE(tape.ran_backward());
  tape.backward(z);
  CHECK(tape.ran_backward());
  CHECK(tape.round() == 0);
  tape.clear();
  CHECK(tape.round() == 1);
  CHECK_FALSE(tape.ran_backward());
}

// ---- Writing ops ------------------------------------------------------------------------------------------------

TEST_CASE("tape: an op written by a user") {
  // y = x³, with longer data copied to the arena
  const auto cube = [](Var x) {
    auto y = Tape::output("cube", x.shape, {x});
    for (Index k = 0; k < x.size(); ++k) y.out[k] = x.value[k] * x.value[k] * x.value[k];
    const std::vector<Real> three{3};
    y.tape->record("cube", {x}, y, [=, factor = y.tape->copy(std::span<const Real>(three))] {
      for (Index k = 0; k < x.size(); ++k) x.grad[k] += factor[0] * x.value[k] * x.value[k] * y.grad[k];
    });
    return y;
  };
  check_gradient([&](Tape&, auto x) { return cube(x[0]); }, {Shape{2, 3}});
}

TEST_CASE("tape: the workspace is for one at a time") {
  Tape tape;
  {
    const Tape::Workspace one = tape.workspace(3);
    CHECK_THROWS_WITH(tape.workspace(3), "workspace: it is in use");
  }
  CHECK_NOTHROW(tape.workspace(3));
}

}  // namespace l2l::tape_test
