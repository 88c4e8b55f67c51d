#include "optim/meta_gradient.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <set>

#include "autodiff/error.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/interrupt.h"
#include "examples/l2l/locks.h"
#include "examples/l2l/meta_gradient_report.h"
#include "examples/l2l/plot.h"
#include "examples/l2l/progress.h"
#include "examples/l2l/run_folder.h"
#include "nn/atomic_file.h"

namespace l2l {
namespace {

/// Becomes l2l-double, which lies beside this program.
[[noreturn]] void hand_over_to_double(char** argv) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "l2l-double";
  execv(program.c_str(), argv);
  throw Error(program.string(), ": does not start: ", std::strerror(errno),
              "; meta-gradient needs it: cmake --build --preset release builds it, as all that there is");
}

/// The unrolls to measure, in ascending order; the last one is the whole trajectory.
std::set<int> unrolls_of(const MetaGradientRequest& request, int steps) {
  std::set<int> unrolls = {steps};
  for (const int unroll : {1, 5, 10, 20, 50, 100}) {
    if (request.unrolls.empty() && steps % unroll == 0) unrolls.insert(unroll);
  }
  for (const int unroll : request.unrolls) {
    if (steps % unroll == 0) {
      unrolls.insert(unroll);
      continue;
    }
    std::string divisors;
    for (int k = 1; k < steps; ++k) {
      if (steps % k == 0) divisors += std::to_string(k) + ", ";
    }
    throw UsageError("--unrolls: ", unroll, " does not divide the ", steps, " steps; what does is ", divisors, steps);
  }
  return unrolls;
}

/// φ as a whole, and each of its parameters, under each of the gradients.
std::vector<MetaGradientRow> compare_gradients(const Layout& layout, int unroll, std::span<const Real> gradient,
                                               std::span<const Real> full) {
  std::vector<MetaGradientRow> rows = {{unroll, kWholePhi, agreement(gradient, full), norm(gradient)}};
  for (const Parameter& p : layout.parameters()) {
    rows.push_back({unroll, p.name, agreement(p.in(gradient), p.in(full)), norm(p.in(gradient))});
  }
  return rows;
}

}  // namespace

int meta_gradient(const MetaGradientRequest& request, char** argv) {
  if (sizeof(Real) != sizeof(double)) hand_over_to_double(argv);
  const RunFolder folder{request.run};
  const FolderLock lock(folder.path, FolderLock::together);
  const RunConfig config = folder.read_config();
  const LearnedOptimizer learned = folder.read_optimizer(config);
  MetaGradient::check(learned.model);  // before the work
  MetaGradientReport report;
  report.steps = request.steps.value_or(config.training.steps);
  report.discount = request.discount.value_or(config.training.discount);
  report.seed = request.seed;
  report.optimizee = config.optimizee;
  report.options = config.options;
  const std::set<int> unrolls = unrolls_of(request, report.steps);
  const auto file = [&](const char* extension) { return folder.meta_gradient(extension); };
  const OutputLock output(file(".json"));
  folder.check_output(file(".json"), {file(".csv"), file(".png")}, request.force, "replace it with --force");
  const auto f = interruptible(folder.make_optimizee(find_optimizee(config.optimizee), config.options, {}))();
  listen_for_interrupts();

  StatusLine status;
  status.update("following the trajectory");
  const MetaGradient meta(learned, *f, report.steps, Rng(request.seed), request.threads);
  const std::vector<Real> full = meta.full([&](int steps) {
    stop_if_interrupted();
    status.update("full gradient: step " + std::to_string(steps) + "/" + std::to_string(report.steps));
  });
  const Layout& layout = learned.model.layout();
  report.losses = meta.losses();
  report.full = compare_gradients(layout, report.steps, full, full);
  if (!std::isfinite(report.full[0].norm)) {
    throw Error("the full gradient over ", report.steps, " steps is not finite; give fewer --steps");
  }
  for (const int unroll : unrolls) {
    stop_if_interrupted();
    status.update("truncated gradient: unrolls of " + std::to_string(unroll));
    for (const auto& row : compare_gradients(layout, unroll, meta.truncated(unroll, report.discount), full)) {
      report.rows.push_back(row);
    }
  }

  std::printf("%s", meta_gradient_table(report).c_str());
  std::fflush(stdout);
  std::vector<NewFile> files = {{file(".csv"), meta_gradient_csv(report)}};
  const bool drawn = add_picture(files, meta_gradient_plot(report), file(".png"), file(".csv"));
  files.push_back({file(".json"), meta_gradient_json(report)});  // last: where it is, all is
  write_files_atomically(files, {file(".json"), file(".csv"), file(".png")});
  std::printf("\nnumbers  %s\nsummary  %s\n", file(".csv").c_str(), file(".json").c_str());
  if (drawn) std::printf("picture  %s\n", file(".png").c_str());
  return 0;
}

}  // namespace l2l
