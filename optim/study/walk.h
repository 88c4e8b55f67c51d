#pragma once
#include <array>
#include <functional>
#include <vector>

#include "optim/evaluate.h"
#include "optim/study/plane.h"

/// The paths of optimizers over the loss of one function.
namespace l2l {

/// The trajectory of an optimizer on function k (see `follow`).
struct Path {
  std::vector<double> losses;  // f(θ_0) … f(θ_steps)
  std::vector<std::vector<Real>> points;  // θ_0 … θ_steps; fewer if a loss was not finite: up to the point before
};
/// Keeps all points: steps · n numbers.
Path follow_path(Optimizer& optimizer, const Family& family, int k, const EvaluateOptions& options);

/// How much of a path lies outside of a plane through θ_0: √(Σ_t d_t² / Σ_t ‖θ_t - θ_0‖²) with d_t the distance of θ_t
/// from the plane. 0: nothing of it, 1: all. 0 of a path that does not move.
double share_outside(const Path& path, const Plane& plane);

/// A rectangle of a plane, and points on it: `columns` from x.low to x.high, `rows` from y.low to y.high.
struct PlaneGrid {
  struct Range {
    double low, high;
  };
  Range x, y;
  int columns, rows;  // 2 at least

  double column_x(int k) const { return x.low + (x.high - x.low) * k / (columns - 1); }
  double row_y(int k) const { return y.low + (y.high - y.low) * k / (rows - 1); }
};
/// The loss per function at the points of the grid, row by row. All are on the same minibatches, the first `batches`
/// that a path meets, of which it is the mean. Of the options, `steps` and `functions` have no meaning here.
/// `progress` is called with how many evaluations are made, of how many.
std::vector<double> losses_on(const PlaneGrid& grid, const Plane& plane, const Family& family, int k,
                              const EvaluateOptions& options, int batches,
                              const std::function<void(int done, int all)>& progress = {});

}  // namespace l2l
