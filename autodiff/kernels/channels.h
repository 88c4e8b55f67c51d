#pragma once
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/kernels/vector_math.h"
#include "autodiff/shape.h"

namespace l2l {

/// x as normalisation sees it: [N, C, P], where P is the number of pixels, or 1 if x is a matrix.
struct Channels {
  Index N, C, P;

  Channels(const char* op, const Shape& x, const Shape& gain, const Shape& bias) {
    if ((x.rank() != 2 && x.rank() != 4) || gain != Shape{x[1]} || bias != Shape{x[1]}) {
      throw Error(op, ": x ", x, ", gain ", gain, " and bias ", bias,
                  " do not fit; [NxCxHxW] or [NxC], [C] and [C] would");
    }
    N = x[0], C = x[1], P = x.rank() == 4 ? Index(x[2]) * x[3] : 1;
  }
  Index elements() const { return N * P; }

  /// Σ_n part(offset of channel c in image n), in double: a float would lose digits if the batch is large.
  template <class Part>
  double sum(Index c, Part part) const {
    double total = 0;
    for (Index n = 0; n < N; ++n) total += part((n * C + c) * P);
    return total;
  }
  double mean(const Real* x, Index c) const {
    return sum(c, [=, this](Index first) { return simd::sum(x + first, P); }) / static_cast<double>(elements());
  }
  /// √(variance + eps)
  double deviation(const Real* x, Index c, Real mean, double eps) const {
    const double squares = sum(
        c, [=, this](Index first) { return simd::sum(x + first, P, [=](auto v) { return (v - mean) * (v - mean); }); });
    return std::sqrt(squares / static_cast<double>(elements()) + eps);
  }
};

}  // namespace l2l
