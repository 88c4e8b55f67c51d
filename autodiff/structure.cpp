#include <algorithm>

#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {

Var reshape(Var x, const Shape& shape) {
  if (shape.size() != x.size()) {
    throw Error("reshape: ", x.shape, " has ", x.size(), " elements, ", shape, " has ", shape.size());
  }
  return Tape::view("reshape", x, 0, shape);
}

Var slice(Var x, Index first, Index count) {
  if (x.shape.rank() == 0) throw Error("slice: a scalar has no dimension to slice");
  if (first < 0 || count < 0 || first > x.shape[0] || count > x.shape[0] - first) {
    throw Error("slice: ", count, " entries from ", first, " on are not in shape ", x.shape);
  }
  const Index stride = x.shape.with(0, 1).size();
  return Tape::view("slice", x, first * stride, x.shape.with(0, count));
}

Var concat(std::span<const Var> parts, int dim) {
  if (parts.empty()) throw Error("concat: nothing to join");
  const Shape& first = parts[0].shape;
  if (dim < 0 || dim >= first.rank()) throw Error("concat: shape ", first, " has no dimension ", dim);
  Index extent = 0;
  for (const Var& x : parts) {
    if (x.shape.rank() != first.rank() || x.shape.with(dim, 0) != first.with(dim, 0)) {
      throw Error("concat: shapes ", first, " and ", x.shape, " differ outside dimension ", dim);
    }
    extent += x.shape[dim];
  }
  // Seen as matrices [rows, columns], with one row per index of the dimensions before `dim`.
  Index rows = 1;
  for (int d = 0; d < dim; ++d) rows *= first[d];
  auto y = Tape::output("concat", first.with(dim, extent), parts);
  const Index columns = rows ? y.size() / rows : 0;
  Index offset = 0;
  for (const Var& x : parts) {
    const Index width = rows ? x.size() / rows : 0;
    for (Index r = 0; r < rows; ++r) std::copy_n(x.value + r * width, width, y.out + r * columns + offset);
    offset += width;
  }
  y.tape->record("concat", parts, y, [y, rows, columns, parts = y.tape->copy(parts)] {
    Index offset = 0;
    for (const Var& x : parts) {
      const Index width = rows ? x.size() / rows : 0;
      for (Index r = 0; x.grad && r < rows; ++r) {
        const Real* dy = y.grad + r * columns + offset;
        for (Index k = 0; k < width; ++k) x.grad[r * width + k] += dy[k];
      }
      offset += width;
    }
  });
  return y;
}

Var concat(std::initializer_list<Var> parts, int dim) {
  return concat(std::span<const Var>(parts.begin(), parts.size()), dim);
}

Var detach(Var x) {
  Tape::check_alive("detach", x);
  x.grad = nullptr;
  return x;
}

// y = x,   ∂L/∂x = factor · dy
Var scale_gradient(Var x, Real factor) {
  auto y = Tape::output("scale_gradient", x.shape, {x});
  const Index n = x.size();
  std::copy_n(x.value, n, y.out);
  y.tape->record("scale_gradient", {x}, y, [=] {
    for (Index k = 0; k < n; ++k) x.grad[k] += factor * y.grad[k];
  });
  return y;
}

}  // namespace l2l
