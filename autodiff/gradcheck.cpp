#include "autodiff/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>

#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {
namespace {

/// Σ_k w_k y_k. The weights all differ, so a permuted gradient shows. They are between 0.5 and 1.5, of both signs.
Var asymmetric_sum(Tape& tape, Var y) {
  std::vector<Real> weights(y.size());
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double x = 0.5 + std::fmod(0.6180339887498949 * static_cast<double>(k + 1), 1.0);  // golden ratio: no period
    weights[k] = static_cast<Real>(k % 3 == 1 ? -x : x);
  }
  return sum(y * tape.constant(y.shape, weights));
}

}  // namespace

GradientCheck gradcheck(const CheckedFunction& f, const std::vector<Shape>& inputs,
                        std::vector<std::vector<Real>> points, const GradientCheckOptions& options) {
  if (points.size() != inputs.size()) throw Error("gradcheck: ", inputs.size(), " inputs, ", points.size(), " points");
  Tape tape;
  std::vector<std::vector<Real>> analytic;
  const auto evaluate = [&](bool differentiate) {
    tape.clear();
    std::vector<Var> x;
    for (std::size_t k = 0; k < inputs.size(); ++k) x.push_back(tape.variable(inputs[k], points[k]));
    Var y = asymmetric_sum(tape, f(tape, x));
    if (differentiate) {
      // The mean of two calls has the gradient of one, unless a backward overwrites where it must add.
      tape.backward((y + asymmetric_sum(tape, f(tape, x))) / 2);
      for (const Var& v : x) analytic.emplace_back(v.gradient().begin(), v.gradient().end());
    }
    return static_cast<double>(y.item());
  };
  evaluate(true);

  GradientCheck result;
  result.tolerance = options.tolerance;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    double largest = std::numeric_limits<double>::min(), difference = 0;
    std::ostringstream worst;
    for (std::size_t e = 0; e < points[k].size(); ++e) {
      const Real x = points[k][e];
      const Real h = static_cast<Real>(options.step * std::max(1.0, std::abs(static_cast<double>(x))));
      const Real above = x + h, below = x - h;  // rounded: the divisor is their actual distance
      points[k][e] = above;
      const double f_above = evaluate(false);
      points[k][e] = below;
      const double f_below = evaluate(false);
      points[k][e] = x;
      const double distance = static_cast<double>(above) - static_cast<double>(below);
      const double numeric = (f_above - f_below) / distance;
      // The error of the quotient from the rounding of f. A smaller difference does not count: the gradient of x / x is
      // 0, and backward finds 1e-17.
      const double noise =
          4 * std::numeric_limits<Real>::epsilon() * std::max(std::abs(f_above), std::abs(f_below)) / distance;
      const double backward = analytic[k][e];
      largest = std::max({largest, std::abs(numeric), std::abs(backward)});
      // Written so that NaN counts as wrong. So does infinity in either of the two.
      if (!std::isfinite(numeric) || !(std::abs(backward - numeric) <= std::max(difference, noise))) {
        difference = std::abs(backward - numeric);
        worst.str("");
        worst << "input " << k << ' ' << inputs[k] << ", element " << e << ": backward says " << backward
              << ", differences say " << numeric;
        if (std::isnan(difference)) difference = std::numeric_limits<double>::infinity();
      }
    }
    const double error = difference / largest;
    if (error > result.error || std::isnan(error)) {
      result.error = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
      result.worst = worst.str();
    }
  }
  return result;
}

GradientCheck gradcheck(const CheckedFunction& f, const std::vector<Shape>& inputs,
                        const GradientCheckOptions& options) {
  std::mt19937_64 random(options.seed);
  std::uniform_real_distribution<double> uniform(options.low, options.high);
  std::vector<std::vector<Real>> points;
  for (const Shape& shape : inputs) {
    std::vector<Real> point(shape.size());
    for (Real& x : point) x = static_cast<Real>(uniform(random));
    points.push_back(std::move(point));
  }
  return gradcheck(f, inputs, std::move(points), options);
}

}  // namespace l2l
