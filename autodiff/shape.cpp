#include "autodiff/shape.h"

#include <algorithm>
#include <limits>
#include <ostream>

#include "autodiff/error.h"

namespace l2l {

Shape::Shape(std::initializer_list<Index> dims) : rank_(static_cast<int>(dims.size())) {
  if (dims.size() > dims_.size()) throw Error("shape: ", dims.size(), " dimensions, at most 4 are possible");
  int dim = 0;
  for (Index extent : dims) set(dim++, extent);
  check_size();
}

Shape Shape::with(int dim, Index extent) const {
  Shape result = *this;
  result.set(dim, extent);
  result.check_size();
  return result;
}

void Shape::set(int dim, Index extent) {
  if (extent < 0 || extent > std::numeric_limits<int>::max()) {
    throw Error("shape: dimension ", dim, " is ", extent, ", it must be between 0 and 2^31 - 1");
  }
  dims_[dim] = static_cast<int>(extent);
}

// Keeps every product of dimensions, also in bytes, inside Index.
void Shape::check_size() const {
  double product = 1;
  for (int k = 0; k < rank_; ++k) product *= std::max(dims_[k], 1);
  if (product > 0x1p59) throw Error("shape: ", *this, " has more than 2^59 elements");
}

Index Shape::size() const {
  Index product = 1;
  for (int k = 0; k < rank_; ++k) product *= dims_[k];
  return product;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '[';
  for (int k = 0; k < shape.rank(); ++k) out << (k ? "x" : "") << shape[k];
  return out << ']';
}

}  // namespace l2l
