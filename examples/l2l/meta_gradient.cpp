#include "optim/study/meta_gradient.h"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

#include "autodiff/error.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/double/protocol.h"
#include "examples/l2l/report/meta_gradient_report.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/run/program.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/run/run_folder.h"
#include "nn/files/atomic_file.h"

namespace l2l {
namespace {

/// The path of l2l-double, beside this program.
std::filesystem::path double_program() {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "l2l-double";
  if (!std::filesystem::exists(program)) {
    throw Error(program.string(),
                ": is not there, but meta-gradient needs it; build it with cmake --build --preset release");
  }
  return program;
}

/// Adds a line of l2l-double's output (see double/main.cpp) to the report, or shows its progress.
void take(const std::string& line, MetaGradientReport& report, StatusLine& status) {
  std::istringstream words(line);
  std::string kind;
  words >> kind;
  const auto number = [&] {
    std::string word;
    words >> word;
    return std::strtod(word.c_str(), nullptr);  // a stream would not take "nan"
  };
  if (kind == "progress") {
    std::string text;
    std::getline(words >> std::ws, text);
    status.update(text);
  } else if (kind == "loss") {
    report.losses.push_back(number());
  } else {
    MetaGradientRow row{report.steps, {}, {1, 0}, 0};
    if (kind == "row") words >> row.unroll;
    words >> row.block;
    if (kind == "row") row.agreement.cosine = number(), row.agreement.relative_error = number();
    row.norm = number();
    (kind == "row" ? report.rows : report.full).push_back(row);
  }
}

/// Runs l2l-double.
void measure(const DoubleRequest& request, MetaGradientReport& report) {
  const std::filesystem::path program = double_program();
  std::vector<std::string> call = arguments_of(request);
  call.insert(call.begin(), program.string());
  const TemporaryFile in = temporary_file(), out = temporary_file(), err = temporary_file();
  StatusLine status;
  std::size_t taken = 0;
  const auto take_new_lines = [&] {
    const std::string text = content_of(out.get(), taken);
    std::size_t start = 0;
    for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
      take(text.substr(start, end - start), report, status);
    }
    taken += start;
  };
  const bool success = run_program(call, in.get(), out.get(), err.get(), [&] {
    stop_if_interrupted();
    take_new_lines();
  });
  if (!success) {
    const std::string why = content_of(err.get());
    throw Error(why.empty() ? program.string() + ": ended early" : why);
  }
  take_new_lines();
}

/// The lengths of unrolls to measure, in ascending order. The last one is the whole trajectory.
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
    throw UsageError("--unrolls: ", unroll, " does not divide the ", steps, " steps; the divisors are ", divisors,
                     steps);
  }
  return unrolls;
}

}  // namespace

int meta_gradient(const MetaGradientRequest& request) {
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
  folder.make_optimizee(find_optimizee(config.optimizee), config.options, {});  // finds errors before the work
  listen_for_interrupts();

  measure({.optimizer = folder.optimizer(),
           .optimizee = config.optimizee,
           .options = config.options,
           .steps = report.steps,
           .discount = report.discount,
           .seed = request.seed,
           .threads = request.threads,
           .unrolls = {unrolls.begin(), unrolls.end()}},
          report);
  stop_if_interrupted();

  std::printf("%s", meta_gradient_table(report).c_str());
  std::fflush(stdout);
  std::vector<NewFile> files = {{file(".csv"), meta_gradient_csv(report)}};
  const bool drawn = add_picture(files, meta_gradient_plot(report), file(".png"), file(".csv"));
  files.push_back({file(".json"), meta_gradient_json(report)});  // last: if it is there, all files are
  write_files_atomically(files, {file(".json"), file(".csv"), file(".png")});
  std::printf("\nnumbers  %s\nsummary  %s\n", file(".csv").c_str(), file(".json").c_str());
  if (drawn) std::printf("picture  %s\n", file(".png").c_str());
  return 0;
}

}  // namespace l2l
