#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.h"

namespace l2l {

/// The function to check: builds an array from variables. It makes the constants that it needs on the given tape.
using CheckedFunction = std::function<Var(Tape&, std::span<const Var>)>;

struct GradientCheck {
  double error = 0;  // worst over the inputs of max|analytic - numeric| / max(max|analytic|, max|numeric|)
  double tolerance = 0;
  std::string worst;  // where: "input 1 [3x2], element 4: backward says 0.5, differences say 0.25"

  bool ok() const { return error <= tolerance; }
  explicit operator bool() const { return ok(); }
};

struct GradientCheckOptions {
  double tolerance = sizeof(Real) == 8 ? 1e-6 : 2e-2;
  double step = sizeof(Real) == 8 ? 1e-5 : 1e-2;  // relative to max(1, |x|)
  double low = -1.5, high = 1.5;  // range of random inputs
  unsigned seed = 1;
};

/// Compares the gradient that backward computes with central differences (f(x + h) - f(x - h)) / 2h, for a
/// function of any number of arrays. An array result is reduced to a scalar by unequal weights, as a plain sum would
/// hide a transposed or permuted gradient. In float the check is coarse: link the double build of the library.
///
///     REQUIRE(gradcheck([](Tape&, auto x) { return matmul(x[0], x[1]); }, {Shape{3, 2}, Shape{2, 4}}));
GradientCheck gradcheck(const CheckedFunction& f, const std::vector<Shape>& inputs,
                        const GradientCheckOptions& options = {});
/// The same at given points; `points[k]` has as many numbers as `inputs[k]` has elements.
GradientCheck gradcheck(const CheckedFunction& f, const std::vector<Shape>& inputs,
                        std::vector<std::vector<Real>> points, const GradientCheckOptions& options = {});

}  // namespace l2l
