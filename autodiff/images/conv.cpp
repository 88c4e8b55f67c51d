#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "autodiff/kernels/convolve.h"

namespace l2l {
namespace {

Convolution extents(const char* op, const Shape& x, const Shape& weight, const Shape& bias, Index stride,
                    Index padding) {
  if (x.rank() != 4 || weight.rank() != 4 || x[1] != weight[1]) {
    throw Error(op, ": x ", x, " and weight ", weight, " do not fit, [NxCxHxW] and [OxCxkhxkw] would");
  }
  if (bias != Shape{weight[0]}) {
    throw Error(op, ": weight ", weight, " and bias ", bias, " do not fit, [OxCxkhxkw] and [O] would");
  }
  if (stride < 1) throw Error(op, ": stride ", stride, ", it must be at least 1");
  if (padding < 0) throw Error(op, ": padding ", padding, ", it must not be negative");
  const Convolution c = {x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], stride, padding, padding};
  if (c.kh < 1 || c.kw < 1 || c.kh > c.H + 2 * padding || c.kw > c.W + 2 * padding) {
    throw Error(op, ": weight ", weight, " does not fit in x ", x, " with padding ", padding);
  }
  return c;
}

/// visit(offset in y, in weight, in x) for each product in
///     y[n, o, i, j] = Σ_c Σ_a Σ_b weight[o, c, a, b] x[n, c, row, column]
template <class Visit>
void for_each_product(const Convolution& s, Visit visit) {
  for (Index n = 0; n < s.N; ++n) {
    for (Index o = 0; o < s.O; ++o) {
      for (Index i = 0; i < s.out_h(); ++i) {
        for (Index j = 0; j < s.out_w(); ++j) {
          for (Index c = 0; c < s.C; ++c) {
            for (Index a = 0; a < s.kh; ++a) {
              for (Index b = 0; b < s.kw; ++b) {
                const Index row = i * s.stride + a - s.pad_h, column = j * s.stride + b - s.pad_w;
                if (row < 0 || row >= s.H || column < 0 || column >= s.W) continue;  // x is 0 there
                visit(((n * s.O + o) * s.out_h() + i) * s.out_w() + j, ((o * s.C + c) * s.kh + a) * s.kw + b,
                      ((n * s.C + c) * s.H + row) * s.W + column);
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace

// y is a sum of products, and the derivative of a product by one factor is the other:
//   ∂L/∂weight = Σ dy x,   ∂L/∂x = Σ dy weight,   ∂L/∂bias = Σ dy
Var plain_conv2d(Var x, Var weight, Var bias, Index stride, Index padding) {
  const Convolution s = extents("plain_conv2d", x.shape, weight.shape, bias.shape, stride, padding);
  const Index P = s.out_h() * s.out_w();
  auto y = Tape::output("plain_conv2d", {s.N, s.O, s.out_h(), s.out_w()}, {x, weight, bias});
  for (Index k = 0; k < y.size(); ++k) y.out[k] = bias.value[k / P % s.O];
  for_each_product(s, [=](Index k, Index w, Index at) { y.out[k] += weight.value[w] * x.value[at]; });
  y.tape->record("plain_conv2d", {x, weight, bias}, y, [=] {
    for_each_product(s, [=](Index k, Index w, Index at) {
      if (weight.grad) weight.grad[w] += y.grad[k] * x.value[at];
      if (x.grad) x.grad[at] += y.grad[k] * weight.value[w];
    });
    for (Index k = 0; bias.grad && k < y.size(); ++k) bias.grad[k / P % s.O] += y.grad[k];
  });
  return y;
}

namespace {

/// The fast forms. The gradients of constants are not computed.
Var convolution(const char* op, const Convolution& s, Var x, Var weight, Var bias) {
  auto y = Tape::output(op, {s.N, s.O, s.out_h(), s.out_w()}, {x, weight, bias});
  Tape& tape = *y.tape;
  const int threads = tape.threads();
  convolve::forward(s, weight.value, bias.value, x.value, y.out, threads,
                    tape.workspace(convolve::forward_scratch(s, threads)));
  tape.record(op, {x, weight, bias}, y, [=] {
    Tape& tape = *y.tape;
    const int threads = tape.threads();
    if (weight.grad) {
      convolve::weight_gradient(s, x.value, y.value, y.grad, weight.grad, threads,
                                tape.workspace(convolve::weight_gradient_scratch(s, threads)));
    }
    if (x.grad) {
      convolve::image_gradient(s, weight.value, y.value, y.grad, x.grad, threads,
                               tape.workspace(convolve::image_gradient_scratch(s, threads)));
    }
    if (bias.grad) convolve::bias_gradient(s, y.value, y.grad, bias.grad, threads);
  });
  return y;
}

}  // namespace

Var conv2d(Var x, Var weight, Var bias, Index stride, Index padding) {
  return convolution("conv2d", extents("conv2d", x.shape, weight.shape, bias.shape, stride, padding), x, weight, bias);
}

// The gradient of the rectifier needs the sign of its result only, and mirrored pixels get the gradients of their
// images from the kernels.
Var reflect_pad_conv_relu(Var x, Var weight, Var bias, Index padding) {
  constexpr const char* kOp = "reflect_pad_conv_relu";
  Convolution s = extents(kOp, x.shape, weight.shape, bias.shape, 1, padding);
  if (padding >= s.H || padding >= s.W) {
    throw Error(kOp, ": x ", x.shape, " has nothing to mirror ", padding, " pixels further in");
  }
  if (padding >= s.kh || padding >= s.kw) {
    throw Error(kOp, ": padding ", padding, " is not less than the window of weight ", weight.shape);
  }
  s.mirrored = s.rectified = true;
  return convolution(kOp, s, x, weight, bias);
}

}  // namespace l2l
