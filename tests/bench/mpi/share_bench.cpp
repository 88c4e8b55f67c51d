// Meta-steps without the work: each task sleeps as long as an unroll takes, so that many more processes than cores can
// be tried. What is left is what sharing costs: gathering, waiting for each other, and the part that all do.
//   mpirun -n 8 build/bench/l2l_share_bench --functions 64 --seconds 0.1 --weights 5141 --steps 10

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "examples/l2l/mpi/processes.h"
#include "optim/rules.h"
#include "optim/statistics.h"
#include "optim/team.h"

namespace {

using namespace l2l;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times meta-steps whose tasks sleep, shared out to processes.");
  int functions = 8, weights = 5141, steps = 20;
  double seconds = 0.1;
  app.add_option("--functions", functions, "of a meta-step");
  app.add_option("--seconds", seconds, "that each sleeps");
  app.add_option("--weights", weights, "numbers of a meta-gradient");
  app.add_option("--steps", steps, "meta-steps, after one that does not count");
  CLI11_PARSE(app, argc, argv);
  join_team();

  Adam adam(0.01);
  std::vector<Real> phi(weights), gradient(weights);
  adam.reset(Layout::flat(weights));
  std::vector<double> times, serial;
  for (int step = 0; step <= steps; ++step) {
    const double start = now();
    const auto results = share_tasks(functions, 1, [&](int k, int) {
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
      return TaskResult(weights, 1e-3 * k);
    });
    const double gathered = now();
    std::ranges::fill(gradient, Real(0));
    for (const TaskResult& result : results) {
      for (int i = 0; i < weights; ++i) gradient[i] += static_cast<Real>(result[i]);
    }
    adam.step(gradient, phi);
    if (step == 0) continue;
    times.push_back(now() - start);
    serial.push_back(now() - gathered);
  }
  const int size = Team::current().size();
  const double tasks = (functions + size - 1) / size * seconds;
  std::printf(
      "%4d processes, %4d functions: %8.2f ms a meta-step = %8.2f of tasks + %7.3f of gathering + %7.3f serial\n", size,
      functions, 1e3 * median(times), 1e3 * tasks, 1e3 * (median(times) - tasks - median(serial)),
      1e3 * median(serial));
  return leave_team(0, "");
}
