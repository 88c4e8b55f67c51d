// The tape: write a function, and have its derivative.
//
// Every operation computes its value at once and leaves a note on the tape of how its result depends on its inputs.
// Read backwards, the notes are the chain rule: one pass gives the derivative with respect to everything.
//
//     01_tape
//     01_tape --graph | dot -Tsvg > tape.svg      draws a tape; dot is Graphviz's
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

#include "autodiff/gradcheck.h"
#include "autodiff/ops.h"
#include "autodiff/tape_graph.h"

using l2l::Real;
using l2l::Shape;
using l2l::Tape;
using l2l::TapeGraph;
using l2l::Var;

// f(x) = x · sigmoid(x): the "swish" that some networks use in place of relu. Its derivative on paper is
// s + x s (1 - s) with s = sigmoid(x).
Var swish(Var x) { return x * sigmoid(x); }

double swish_derivative(double x) {
  const double s = 1 / (1 + std::exp(-x));
  return s + x * s * (1 - s);
}

// Mean squared error of a line of best fit: w and b are what we differentiate by, x and y are data.
Var squared_error(Var w, Var b, Var x, Var y) { return mean(square(add_row_bias(matmul(x, w), b) - y)); }

/// What the tape holds of (w x + b - y)², in the language of Graphviz.
void print_graph() {
  Tape tape;
  tape.set_debug(true);  // the notes keep what they are about
  TapeGraph graph(tape);
  const auto number = [](Real x) { return std::vector<Real>{x}; };
  const Var w = graph.name(tape.variable({}, number(2)), "w"), b = graph.name(tape.variable({}, number(-1)), "b");
  const Var x = graph.name(tape.constant({}, Real(3)), "x"), y = graph.name(tape.constant({}, Real(4)), "y");
  const Var error = graph.name(w * x + b - y, "error");
  tape.backward(graph.name(square(error), "loss"));
  std::fputs(graph.dot().c_str(), stdout);
}

int main(int argc, char** argv) {
  if (argc > 1) {
    if (argc > 2 || std::string_view(argv[1]) != "--graph") {
      std::fputs("01_tape: it takes --graph or nothing\n", stderr);
      return 2;
    }
    print_graph();
    return 0;
  }
  Tape tape;

  // ---- One number in, one number out ------------------------------------------------------------------------------
  std::printf("f(x) = x sigmoid(x)\n\n");
  std::printf("       x       f(x)   f'(tape)  f'(differences)  f'(paper)\n");
  for (const Real x0 : {-4, -2, -1, 0, 1, 2, 4}) {
    const auto value_at = [&](Real at) {
      tape.clear();  // forget the last function, keep the memory
      return swish(tape.constant({}, at)).item();
    };
    const Real h = Real(1e-2);
    const double differences = (value_at(x0 + h) - value_at(x0 - h)) / (2 * h);

    tape.clear();
    const Var x = tape.variable({}, std::vector<Real>{x0});  // {}: the shape of a scalar
    const Var f = swish(x);
    tape.backward(f);
    std::printf("%8.1f %10.5f %10.5f %16.5f %10.5f\n", x0, f.item(), x.gradient()[0], differences,
                swish_derivative(x0));
  }

  // ---- Arrays in, one number out ------------------------------------------------------------------------------------
  // The points lie on the line y = 3x + 1. Gradient descent from w = 0, b = 0 finds it, since the tape knows which way
  // is down. One backward gives both derivatives, however many numbers w and b hold.
  std::printf("\nA line through four points, by gradient descent\n\n  step       loss          w          b\n");
  const std::vector<Real> x_data = {0, 1, 2, 3}, y_data = {1, 4, 7, 10};
  std::vector<Real> w_data = {0}, b_data = {0};
  for (int step = 0; step <= 100; ++step) {
    tape.clear();
    const Var x = tape.constant({4, 1}, x_data), y = tape.constant({4, 1}, y_data);
    const Var w = tape.variable({1, 1}, w_data), b = tape.variable({1}, b_data);
    const Var loss = squared_error(w, b, x, y);
    tape.backward(loss);
    if (step % 20 == 0) std::printf("%6d %10.5f %10.5f %10.5f\n", step, loss.item(), w_data[0], b_data[0]);
    w_data[0] -= Real(0.1) * w.gradient()[0];
    b_data[0] -= Real(0.1) * b.gradient()[0];
  }

  // ---- Is it right? -------------------------------------------------------------------------------------------------
  // What the first table did by eye, gradcheck does for every element of every input. Use it for any function you
  // write. (Differences are coarse in float; the tests run it in double, to 1e-6.)
  const auto check = l2l::gradcheck([](Tape&, auto v) { return squared_error(v[0], v[1], v[2], v[3]); },
                                    {Shape{1, 1}, Shape{1}, Shape{4, 1}, Shape{4, 1}});
  std::printf("\ngradcheck of the squared error: %s\n", check ? "good" : check.worst.c_str());

  // ---- What if it is not? -------------------------------------------------------------------------------------------
  // detach makes a constant of a Var: here the derivative of the second factor is dropped, and gradcheck sees it.
  const auto wrong = l2l::gradcheck([](Tape&, auto v) { return v[0] * sigmoid(detach(v[0])); }, {Shape{3}});
  std::printf("gradcheck of swish with half of it lost: relative error %.1e, %s\n  %s\n", wrong.error,
              wrong ? "good" : "wrong, as it should be", wrong.worst.c_str());
  return check && !wrong ? 0 : 1;
}
