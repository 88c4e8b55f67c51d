#include "optim/evaluate.h"

#include <cmath>
#include <limits>

#include "autodiff/error.h"
#include "optim/team.h"

namespace l2l {

std::vector<double> Curves::at(int step) const {
  std::vector<double> column;
  for (const std::vector<double>& curve : losses) column.push_back(curve.at(step));
  return column;
}

double Curves::sum(int first, int last) const {
  double total = 0;
  for (int step = first; step <= last; ++step) total += mean(step);
  return total;
}

namespace {

/// A stream of random numbers for function k of a split. No two splits share one: in a family without data the stream
/// is all that makes them different.
std::uint64_t stream(Split split, int k) { return 3 * static_cast<std::uint64_t>(k) + static_cast<int>(split); }

}  // namespace

Rng function_stream(int k, const EvaluateOptions& options) { return Rng(options.seed, stream(options.split, k)); }

std::vector<double> follow(Optimizer& optimizer, const Family& family, int k, const EvaluateOptions& options,
                           Trajectory& trajectory, const Watcher& watch) {
  Rng rng = function_stream(k, options);
  trajectory.start(family, rng, options.split);
  optimizer.reset(trajectory.layout());
  std::vector<double> losses(options.steps + 1, std::numeric_limits<double>::infinity());
  for (int t = 0; t <= options.steps; ++t) {
    const double loss = trajectory.evaluate(rng);
    if (!std::isfinite(loss)) break;  // diverged: infinite from here on
    losses[t] = loss;
    if (t == options.steps) break;
    if (watch) watch(trajectory);
    optimizer.step(trajectory.gradient(), trajectory.theta());
  }
  return losses;
}

std::vector<std::vector<double>> follow_all(std::span<const Task> tasks, const Family& family,
                                            const EvaluateOptions& options) {
  std::vector<Trajectory> trajectories(options.threads);
  return share_tasks(static_cast<int>(tasks.size()), options.threads, [&](int j, int thread) {
    return follow(*tasks[j].optimizer(), family, tasks[j].function, options, trajectories[thread]);
  });
}

Curves evaluate(const OptimizerFactory& optimizer, const Family& family, const EvaluateOptions& options) {
  if (options.functions < 1 || options.steps < 0 || options.threads < 1) {
    throw UsageError("evaluate: ", options.functions, " functions, ", options.steps, " steps, ", options.threads,
                     " threads; steps must be at least 0, the others at least 1");
  }
  std::vector<Task> tasks;
  for (int k = 0; k < options.functions; ++k) tasks.push_back({optimizer, k});
  return {options.steps, follow_all(tasks, family, options)};
}

}  // namespace l2l
