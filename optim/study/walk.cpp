#include "optim/study/walk.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "autodiff/ops.h"
#include "optim/team.h"

namespace l2l {
namespace {

/// Evaluates function k on its minibatches, one after the other.
class Surface {
 public:
  Surface(const Family& family, int k, const EvaluateOptions& options) : rng_(function_stream(k, options)) {
    trajectory_.start(family, rng_, options.split);
  }
  /// The loss per function on minibatch `batch` = 1, 2, …; never one before the last.
  double operator()(const std::vector<Real>& theta, int batch) {
    Function& f = trajectory_.function();
    for (; batch_ < batch; ++batch_) f.next_batch(rng_);
    tape_.clear();
    return f.loss(tape_, tape_.constant({static_cast<Index>(theta.size())}, theta)).item() /
           static_cast<double>(f.functions());
  }

 private:
  Rng rng_;
  Trajectory trajectory_;
  Tape tape_;
  int batch_ = 0;
};

}  // namespace

Path follow_path(Optimizer& optimizer, const Family& family, int k, const EvaluateOptions& options) {
  Path path;
  Trajectory trajectory(options.threads);
  const auto keep = [&](const Trajectory& now) { path.points.emplace_back(now.theta().begin(), now.theta().end()); };
  path.losses = follow(optimizer, family, k, options, trajectory, keep);
  if (std::isfinite(path.losses.back())) keep(trajectory);  // the last one, which takes no step
  return path;
}

double share_outside(const Path& path, const Plane& plane) {
  double out = 0, all = 0;
  for (const std::vector<Real>& theta : path.points) {
    out += std::pow(plane.project(theta).distance, 2);
    for (std::size_t k = 0; k < theta.size(); ++k) {
      all += std::pow(static_cast<double>(theta[k]) - path.points[0][k], 2);
    }
  }
  return all > 0 ? std::sqrt(out / all) : 0;
}

std::vector<double> losses_on(const PlaneGrid& grid, const Plane& plane, const Family& family, int k,
                              const EvaluateOptions& options, int batches,
                              const std::function<void(int, int)>& progress) {
  std::deque<Surface> surfaces;  // they cannot be moved
  for (int thread = 0; thread < options.threads; ++thread) surfaces.emplace_back(family, k, options);
  // A few rows at a time, between which progress is shown.
  const int piece = options.threads * Team::current().size();
  std::vector<double> means(static_cast<std::size_t>(grid.columns) * grid.rows);
  for (int batch = 1; batch <= batches; ++batch) {
    for (int first = 0; first < grid.rows; first += piece) {
      const int rows = std::min(piece, grid.rows - first);
      const std::vector<TaskResult> results = share_tasks(rows, options.threads, [&](int row, int thread) {
        TaskResult losses;
        for (int column = 0; column < grid.columns; ++column) {
          losses.push_back(surfaces[thread](plane.at(grid.column_x(column), grid.row_y(first + row)), batch));
        }
        return losses;
      });
      for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < grid.columns; ++column) {
          means[static_cast<std::size_t>(first + row) * grid.columns + column] += results[row][column] / batches;
        }
      }
      if (progress)
        progress(((batch - 1) * grid.rows + first + rows) * grid.columns, batches * grid.rows * grid.columns);
    }
  }
  return means;
}

}  // namespace l2l
