#include <algorithm>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "autodiff/kernels/image_rows.h"
#include "autodiff/kernels/parallel.h"

namespace l2l {

// Each element of y is one of x, so its gradient goes there:   dx[mirrored] += dy
Var reflect_pad2d(Var x, Index size) {
  constexpr const char* kOp = "reflect_pad2d";
  if (x.shape.rank() != 4) throw Error(kOp, ": shape ", x.shape, " is not [NxCxHxW]");
  const Index images = Index(x.shape[0]) * x.shape[1], H = x.shape[2], W = x.shape[3];
  if (size < 0) throw Error(kOp, ": size ", size, ", it must not be negative");
  if (size >= H || size >= W) throw Error(kOp, ": x ", x.shape, " has nothing to mirror ", size, " pixels further in");
  const Index out_h = H + 2 * size, out_w = W + 2 * size;
  auto y = Tape::output(kOp, x.shape.with(2, out_h).with(3, out_w), {x});
  // One thread does a whole image, so that the sums of the gradient have an order.
  parallel_for(y.tape->threads(), images, [=](Index image, int) {
    for (Index i = 0; i < out_h; ++i) {
      const Real* const from = x.value + (image * H + image_rows::mirror(i - size, H)) * W;
      Real* const to = y.out + (image * out_h + i) * out_w;
      std::copy_n(from, W, to + size);
      for (Index j = 0; j < size; ++j) {
        to[j] = from[size - j];
        to[size + W + j] = from[W - 2 - j];
      }
    }
  });
  y.tape->record(kOp, {x}, y, [=] {
    parallel_for(y.tape->threads(), images, [=](Index image, int) {
      for (Index i = 0; i < out_h; ++i) {
        Real* const to = x.grad + (image * H + image_rows::mirror(i - size, H)) * W;
        const Real* const from = y.grad + (image * out_h + i) * out_w;
        for (Index j = 0; j < W; ++j) to[j] += from[size + j];
        for (Index j = 0; j < size; ++j) {
          to[size - j] += from[j];
          to[W - 2 - j] += from[size + W + j];
        }
      }
    });
  });
  return y;
}

}  // namespace l2l
