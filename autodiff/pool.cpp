#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

/// The windows that a pooling op moves over each of N·C images [H, W].
struct Pooling {
  Index images, H, W, size, stride, out_h, out_w;

  Pooling(const char* op, const Shape& x, Index size, Index stride) : size(size), stride(stride) {
    if (x.rank() != 4) throw Error(op, ": shape ", x, " is not [NxCxHxW]");
    if (size < 1 || stride < 1) throw Error(op, ": size ", size, " and stride ", stride, ", they must be at least 1");
    if (size > x[2] || size > x[3]) throw Error(op, ": a window of ", size, "x", size, " does not fit in x ", x);
    images = Index(x[0]) * x[1], H = x[2], W = x[3];
    out_h = (H - size) / stride + 1;
    out_w = (W - size) / stride + 1;
  }
  Shape output(const Shape& x) const { return x.with(2, out_h).with(3, out_w); }

  /// visit(output element, first input element of its window) for each output.
  template <class Visit>
  void each(Visit visit) const {
    for (Index image = 0, out = 0; image < images; ++image) {
      for (Index i = 0; i < out_h; ++i) {
        for (Index j = 0; j < out_w; ++j, ++out) visit(out, (image * H + i * stride) * W + j * stride);
      }
    }
  }
};

}  // namespace

// y = max over the window; its gradient goes to the first element, row by row, that has that value. NaN is the largest
// number, so that it can be traced.
Var max_pool2d(Var x, Index size, Index stride) {
  const Pooling pooling("max_pool2d", x.shape, size, stride ? stride : size);
  const Index W = pooling.W;
  Var y = Tape::output("max_pool2d", pooling.output(x.shape), {x});
  pooling.each([=](Index out, Index window) {
    Real largest = x.value[window];
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < size; ++j) {
        const Real v = x.value[window + i * W + j];
        largest = v > largest || std::isnan(v) ? v : largest;
      }
    }
    y.value[out] = largest;
  });
  y.tape->record(y, [=] {
    pooling.each([=](Index out, Index window) {
      const Real largest = y.value[out];
      for (Index k = 0; k < size * size; ++k) {
        const Index at = window + k / size * W + k % size;
        if (x.value[at] == largest || std::isnan(x.value[at])) {
          x.grad[at] += y.grad[out];
          return;
        }
      }
    });
  });
  return y;
}

// y = mean over the window
Var avg_pool2d(Var x, Index size, Index stride) {
  const Pooling pooling("avg_pool2d", x.shape, size, stride ? stride : size);
  const Index W = pooling.W;
  const Real share = 1 / static_cast<Real>(size * size);
  Var y = Tape::output("avg_pool2d", pooling.output(x.shape), {x});
  pooling.each([=](Index out, Index window) {
    Real sum = 0;
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < size; ++j) sum += x.value[window + i * W + j];
    }
    y.value[out] = share * sum;
  });
  y.tape->record(y, [=] {
    pooling.each([=](Index out, Index window) {
      for (Index i = 0; i < size; ++i) {
        for (Index j = 0; j < size; ++j) x.grad[window + i * W + j] += share * y.grad[out];
      }
    });
  });
  return y;
}

}  // namespace l2l
