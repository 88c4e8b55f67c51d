#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/kernels/parallel.h"
#include "autodiff/kernels/vector_math.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

/// y = forward(x) for whole arrays; dx += dy · derivative(x, y) element by element.
template <class Forward, class Derivative>
Var unary_array(const char* op, Var x, Forward forward, Derivative derivative) {
  auto y = Tape::output(op, x.shape, {x});
  parallel_pieces(y.tape->threads(), x.size(),
                  [=](Index first, Index count) { forward(x.value + first, y.out + first, count); });
  y.tape->record(op, {x}, y, [=] {
    parallel_pieces(y.tape->threads(), x.size(), [=](Index first, Index count) {
      for (Index k = first; k < first + count; ++k) x.grad[k] += y.grad[k] * derivative(x.value[k], y.value[k]);
    });
  });
  return y;
}

/// The same, with a function of one number.
template <class Function, class Derivative>
Var unary(const char* op, Var x, Function f, Derivative derivative) {
  const auto forward = [=](const Real* in, Real* out, Index n) {
    for (Index k = 0; k < n; ++k) out[k] = f(in[k]);
  };
  return unary_array(op, x, forward, derivative);
}

/// z = f(x, y); dx += dz · dfdx(x, y, z), dy += dz · dfdy(x, y, z).
template <class Function, class DerivativeX, class DerivativeY>
Var binary(const char* op, Var x, Var y, Function f, DerivativeX dfdx, DerivativeY dfdy) {
  if (x.shape != y.shape) throw Error(op, ": shapes ", x.shape, " and ", y.shape, " differ");
  auto z = Tape::output(op, x.shape, {x, y});
  parallel_pieces(z.tape->threads(), x.size(), [=](Index first, Index count) {
    for (Index k = first; k < first + count; ++k) z.out[k] = f(x.value[k], y.value[k]);
  });
  z.tape->record(op, {x, y}, z, [=] {
    // One after the other: x and y may be slices of the same array that overlap.
    const auto add = [=](Real* grad, auto derivative) {
      if (!grad) return;
      parallel_pieces(z.tape->threads(), x.size(), [=](Index first, Index count) {
        for (Index k = first; k < first + count; ++k) {
          grad[k] += z.grad[k] * derivative(x.value[k], y.value[k], z.value[k]);
        }
      });
    };
    add(x.grad, dfdx);
    add(y.grad, dfdy);
  });
  return z;
}

// A lambda, not a function: called through a pointer it would not be inlined.
constexpr auto one = [](Real, Real, Real) { return Real(1); };

}  // namespace

// ---- Two arrays -----------------------------------------------------------------------------------------------

Var operator+(Var x, Var y) {
  return binary(
      "+", x, y, [](Real x, Real y) { return x + y; }, one, one);
}

Var operator-(Var x, Var y) {
  return binary(
      "-", x, y, [](Real x, Real y) { return x - y; }, one, [](Real, Real, Real) { return Real(-1); });
}

Var operator*(Var x, Var y) {
  return binary(
      "*", x, y, [](Real x, Real y) { return x * y; },  //
      [](Real, Real y, Real) { return y; }, [](Real x, Real, Real) { return x; });
}

Var operator/(Var x, Var y) {
  return binary(
      "/", x, y, [](Real x, Real y) { return x / y; },  //
      [](Real, Real y, Real) { return 1 / y; }, [](Real, Real y, Real z) { return -z / y; });
}

// ---- An array and a number ------------------------------------------------------------------------------------

Var operator+(Var x, Real a) {
  return unary(
      "+", x, [=](Real x) { return x + a; }, [](Real, Real) { return Real(1); });
}
Var operator+(Real a, Var x) { return x + a; }
Var operator-(Var x, Real a) {
  return unary(
      "-", x, [=](Real x) { return x - a; }, [](Real, Real) { return Real(1); });
}
Var operator-(Real a, Var x) {
  return unary(
      "-", x, [=](Real x) { return a - x; }, [](Real, Real) { return Real(-1); });
}
Var operator-(Var x) {
  return unary(
      "-", x, [](Real x) { return -x; }, [](Real, Real) { return Real(-1); });
}

Var operator*(Var x, Real a) {
  return unary(
      "*", x, [=](Real x) { return x * a; }, [=](Real, Real) { return a; });
}
Var operator*(Real a, Var x) { return x * a; }
Var operator/(Var x, Real a) {
  return unary(
      "/", x, [=](Real x) { return x / a; }, [=](Real, Real) { return 1 / a; });
}
Var operator/(Real a, Var x) {
  return unary(
      "/", x, [=](Real x) { return a / x; }, [](Real x, Real y) { return -y / x; });
}

// ---- Functions ------------------------------------------------------------------------------------------------

Var square(Var x) {
  return unary(
      "square", x, [](Real x) { return x * x; }, [](Real x, Real) { return 2 * x; });
}

Var sqrt(Var x) {
  return unary(
      "sqrt", x, [](Real x) { return std::sqrt(x); }, [](Real, Real y) { return Real(0.5) / y; });
}

Var exp(Var x) {
  const auto forward = [](const Real* in, Real* out, Index n) { simd::map(in, out, n, simd::exp); };
  return unary_array("exp", x, forward, [](Real, Real y) { return y; });
}

Var log(Var x) {
  const auto forward = [](const Real* in, Real* out, Index n) { simd::map(in, out, n, simd::log); };
  return unary_array("log", x, forward, [](Real x, Real) { return 1 / x; });
}

Var abs(Var x) {
  return unary(
      "abs", x, [](Real x) { return std::abs(x); }, [](Real x, Real) { return Real((x > 0) - (x < 0)); });
}

Var cos(Var x) {
  return unary(
      "cos", x, [](Real x) { return std::cos(x); }, [](Real x, Real) { return -std::sin(x); });
}

Var sigmoid(Var x) {
  const auto forward = [](const Real* in, Real* out, Index n) { simd::map(in, out, n, simd::sigmoid); };
  return unary_array("sigmoid", x, forward, [](Real, Real y) { return y * (1 - y); });
}

Var tanh(Var x) {
  const auto forward = [](const Real* in, Real* out, Index n) { simd::map(in, out, n, simd::tanh); };
  return unary_array("tanh", x, forward, [](Real, Real y) { return 1 - y * y; });
}

Var relu(Var x) {
  // Not `x > 0 ? x : 0`, which would turn NaN into 0 and hide where it came from.
  return unary(
      "relu", x, [](Real x) { return x < 0 ? 0 : x; }, [](Real x, Real) { return Real(x > 0); });
}

Var elu(Var x) {
  return unary(
      "elu", x, [](Real x) { return x > 0 ? x : std::expm1(x); }, [](Real, Real y) { return y > 0 ? 1 : y + 1; });
}

Var softplus(Var x) {
  return unary(
      "softplus", x, [](Real x) { return std::max(x, Real(0)) + std::log1p(std::exp(-std::abs(x))); },
      [](Real x, Real) { return 1 / (1 + std::exp(-x)); });
}

}  // namespace l2l
