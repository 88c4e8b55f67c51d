#include <cmath>
#include <type_traits>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "autodiff/kernels/parallel.h"

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

  /// visit(first output element of a row, first input element of its windows, size, stride) for each row of results.
  /// One thread does a whole image. In the usual case, 2 and 2, size and stride are compile-time constants, so that the
  /// loops are unrolled and vectorised.
  template <class Visit>
  void rows(int threads, Visit visit) const {
    using Two = std::integral_constant<Index, 2>;
    parallel_for(threads, images, [=, *this](Index image, int) {
      for (Index i = 0; i < out_h; ++i) {
        const Index out = (image * out_h + i) * out_w, window = (image * H + i * stride) * W;
        if (size == 2 && stride == 2) {
          visit(out, window, Two(), Two());
        } else {
          visit(out, window, size, stride);
        }
      }
    });
  }
};

}  // namespace

// y = max over the window;  dx += dy for its first element that equals y. NaN counts as the largest number: it is
// passed on, not hidden.
Var max_pool2d(Var x, Index size, Index stride) {
  const Pooling pooling("max_pool2d", x.shape, size, stride ? stride : size);
  const Index W = pooling.W, out_w = pooling.out_w;
  auto y = Tape::output("max_pool2d", pooling.output(x.shape), {x});
  pooling.rows(y.tape->threads(), [=](Index out, Index window, auto size, auto stride) {
#pragma omp simd
    for (Index k = 0; k < out_w; ++k) {
      const Real* first = x.value + window + k * stride;
      Real largest = *first;
      for (Index i = 0; i < size; ++i) {
        for (Index j = 0; j < size; ++j) {
          const Real v = first[i * W + j];
          largest = v > largest || v != v ? v : largest;
        }
      }
      y.out[out + k] = largest;
    }
  });
  y.tape->record("max_pool2d", {x}, y, [=] {
    pooling.rows(y.tape->threads(), [=](Index out, Index window, auto size, auto stride) {
      for (Index k = 0; k < out_w; ++k, window += stride) {
        Real left = y.grad[out + k];  // 0 once an element has got it
        for (Index i = 0; i < size; ++i) {
          for (Index j = 0; j < size; ++j) {
            const Index at = window + i * W + j;
            const bool first = x.value[at] == y.value[out + k] || x.value[at] != x.value[at];
            x.grad[at] += first ? left : 0;
            left = first ? 0 : left;
          }
        }
      }
    });
  });
  return y;
}

// y = mean over the window;  dx += dy / size² for each of its elements
Var avg_pool2d(Var x, Index size, Index stride) {
  const Pooling pooling("avg_pool2d", x.shape, size, stride ? stride : size);
  const Index W = pooling.W, out_w = pooling.out_w;
  const Real share = 1 / static_cast<Real>(size * size);
  auto y = Tape::output("avg_pool2d", pooling.output(x.shape), {x});
  pooling.rows(y.tape->threads(), [=](Index out, Index window, auto size, auto stride) {
#pragma omp simd
    for (Index k = 0; k < out_w; ++k) {
      const Real* first = x.value + window + k * stride;
      Real sum = 0;
      for (Index i = 0; i < size; ++i) {
        for (Index j = 0; j < size; ++j) sum += first[i * W + j];
      }
      y.out[out + k] = share * sum;
    }
  });
  y.tape->record("avg_pool2d", {x}, y, [=] {
    pooling.rows(y.tape->threads(), [=](Index out, Index window, auto size, auto stride) {
      for (Index k = 0; k < out_w; ++k, window += stride) {
        for (Index i = 0; i < size; ++i) {
          for (Index j = 0; j < size; ++j) x.grad[window + i * W + j] += share * y.grad[out + k];
        }
      }
    });
  });
  return y;
}

}  // namespace l2l
