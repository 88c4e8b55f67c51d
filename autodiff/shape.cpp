#include "autodiff/shape.h"

#include <limits>
#include <ostream>

#include "autodiff/error.h"

namespace l2l {

Shape::Shape(std::initializer_list<Index> dims) : rank_(static_cast<int>(dims.size())) {
  if (dims.size() > dims_.size()) throw Error("shape: ", dims.size(), " dimensions, at most 4 are possible");
  int k = 0;
  for (Index extent : dims) {
    if (extent < 0 || extent > std::numeric_limits<int>::max()) {
      throw Error("shape: dimension ", k, " is ", extent, ", it must be between 0 and 2^31 - 1");
    }
    dims_[k++] = static_cast<int>(extent);
  }
}

Index Shape::size() const {
  Index product = 1;
  for (int k = 0; k < rank_; ++k) product *= dims_[k];
  return product;
}

Shape Shape::with(int dim, Index extent) const {
  Shape result = *this;
  result.dims_[dim] = static_cast<int>(extent);
  return result;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '[';
  for (int k = 0; k < shape.rank(); ++k) out << (k ? "x" : "") << shape[k];
  return out << ']';
}

}  // namespace l2l
