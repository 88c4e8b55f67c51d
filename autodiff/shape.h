#pragma once
#include <array>
#include <initializer_list>
#include <iosfwd>

#include "autodiff/types.h"

namespace l2l {

/// The dimensions of a row-major array, up to four of them. `Shape{}` is a scalar; a dimension may be 0. Throws an
/// Error for a fifth dimension, for one outside 0 to 2^31 - 1, and for more than 2^59 elements.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<Index> dims);

  int rank() const { return rank_; }
  int operator[](int dim) const { return dims_[dim]; }
  /// Product of the dimensions; 1 for a scalar.
  Index size() const;
  /// The same shape with dimension `dim` replaced by `extent`.
  Shape with(int dim, Index extent) const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  void set(int dim, Index extent);
  void check_size() const;

  std::array<int, 4> dims_{};
  int rank_ = 0;
};

/// Prints `[2x3]`, and `[]` for a scalar.
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// A matrix as it is stored, or transposed.
enum class Trans { no, yes };

}  // namespace l2l
