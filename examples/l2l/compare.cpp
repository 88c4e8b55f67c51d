#include <cmath>
#include <cstdio>

#include "autodiff/error.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/rates.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/trial.h"
#include "nn/files/atomic_file.h"
#include "optim/learned/fast/coordinate_optimizer.h"

namespace l2l {
namespace {

void check_label(const std::string& label) {
  const auto allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (label.find_first_not_of(allowed) != std::string::npos) {
    throw UsageError("--label '", label, "': only letters, digits, '.', '_' and '-', as it becomes part of file names");
  }
  if (label.starts_with('.')) throw UsageError("--label '", label, "': must not begin with a '.'");
  if (label == "functions" || label.ends_with("-functions")) {
    throw UsageError("--label '", label, "': must not end with 'functions', as the tables of each function do");
  }
  if (label.size() > 100) throw UsageError("--label: ", label.size(), " characters, at most 100 are allowed");
}

/// The rules to compare with, which are tuned for `horizon` steps.
std::vector<Rule> baselines(const CompareRequest& request, int horizon) {
  std::vector<Rule> rules;
  for (const std::string name : kBaselines) rules.push_back(find_rule(name));
  for (const std::string& name : request.also) {
    const Rule& rule = parse_named("--also", find_rule, name);
    for (const Rule& other : rules) {
      if (other.name == name) throw UsageError("--also ", name, ": it takes part already");
    }
    rules.push_back(rule);
  }
  const std::size_t constant = rules.size();
  for (const Schedule schedule : request.schedules) {
    for (std::size_t k = 0; k < constant; ++k) rules.push_back(with_schedule(rules[k], schedule, horizon));
  }
  return rules;
}

/// Tunes each baseline's learning rate for `horizon` steps, then runs all on the same functions: the learned optimizer
/// also with the schedules.
void run_contest(Comparison& comparison, const Trial& trial, const std::vector<Rule>& rules,
                 const std::vector<Schedule>& schedules, RateFile& rates, int threads) {
  StatusLine status;
  const EvaluateOptions held_out{Split::test, comparison.functions, comparison.steps, comparison.seed, threads};
  status.update("following lstm");
  const OptimizerFactory lstm = [&] { return make_optimizer(trial.learned); };
  comparison.contestants.push_back({kLstm, {}, evaluate(lstm, trial.family, held_out)});
  for (const Rule& rule : rules) {
    TuneOptions options;
    options.criterion = comparison.criterion;
    options.evaluate = {Split::validation, comparison.tune_functions, comparison.horizon, comparison.seed, threads};
    const double rate = tune(rule, trial, options, rates, status);
    comparison.contestants.push_back(
        {rule.name, rate, evaluate([&] { return rule.make(rate); }, trial.family, held_out)});
  }
  for (const Schedule schedule : schedules) {
    const std::string name = kLstm + "-" + std::string(name_of(schedule));
    status.update("following " + name);
    const OptimizerFactory scheduled = [&] { return with_schedule(lstm(), schedule, comparison.horizon); };
    comparison.contestants.push_back({name, {}, evaluate(scheduled, trial.family, held_out)});
  }
}

/// The first step at which the mean loss is not finite, or -1.
int divergence(const Curves& curves) {
  for (int t = 0; t <= curves.steps; ++t) {
    if (!std::isfinite(curves.mean(t))) return t;
  }
  return -1;
}

}  // namespace

int compare(const CompareRequest& request) {
  check_label(request.label);
  const RunFolder folder{request.run};
  const FolderLock lock(folder.path,
                        FolderLock::together);  // the run may be compared twice at the same time, but not change
  const Trial trial = open_trial(folder, request.optimizee, request.options);
  Comparison comparison;
  comparison.optimizee = trial.optimizee;
  comparison.options = trial.options;
  comparison.trained_on = trial.config.optimizee;
  comparison.trained_steps = trial.trained_steps;
  const int horizon = trial.config.horizon(trial.trained_steps);
  comparison.horizon = request.tune_steps.value_or(horizon);
  comparison.steps = request.steps.value_or(2 * horizon);
  comparison.functions = request.functions;
  comparison.tune_functions = request.tune_functions;
  comparison.criterion = request.criterion;
  comparison.seed = request.seed;
  const std::vector<Rule> rules = baselines(request, comparison.horizon);
  RateFile rates(request.rates);
  const auto file = [&](const char* extension) { return folder.comparison(request.label, extension); };
  const OutputLock output(file(".json"));
  folder.check_output(file(".json"), {file(".csv"), file("-functions.csv"), file(".png")}, request.force,
                      "give this comparison a --label, or replace it with --force");

  listen_for_interrupts();
  tell_how_to_go_on("start it again with the same command");
  run_contest(comparison, trial, rules, request.schedules, rates, request.threads);

  // The table first: if a file cannot be written, the results are not lost.
  std::printf("%s\n", comparison_table(comparison).c_str());
  std::fflush(stdout);
  if (const int step = divergence(comparison.contestants[0].curves); step >= 0) {
    std::fprintf(stderr, "l2l: warning: the learned optimizer diverged: its loss is not finite from step %d on\n",
                 step);
  }
  std::vector<NewFile> files = {{file(".csv"), comparison_csv(comparison)},
                                {file("-functions.csv"), functions_csv(comparison)}};
  const bool drawn = add_picture(files, comparison_plot(comparison), file(".png"), file(".csv"));
  files.push_back({file(".json"), comparison_json(comparison)});  // last: if it is there, all files are
  write_files_atomically(files, {file(".json"), file(".csv"), file("-functions.csv"), file(".png")});
  std::printf("numbers  %s, %s\nsummary  %s\n", file(".csv").c_str(), file("-functions.csv").c_str(),
              file(".json").c_str());
  if (drawn) std::printf("picture  %s\n", file(".png").c_str());
  return 0;
}

}  // namespace l2l
