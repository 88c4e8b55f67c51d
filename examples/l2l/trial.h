#pragma once
#include <string>

#include "examples/l2l/rates.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/run/run_folder.h"
#include "optim/tune.h"

namespace l2l {

/// A trained optimizer, and the functions to try it on.
struct Trial {
  RunConfig config;  // of the training
  LearnedOptimizer learned;
  int trained_steps;  // see RunFolder::trained_steps
  std::string optimizee;
  OptionValues options;  // of the optimizee, defaults included
  Family family;  // `interruptible`
};
/// The optimizer of a run, and the functions that it was trained on, with options `given` for them, or those of another
/// optimizee unless that is empty. An Error names the file that is missing or does not fit.
Trial open_trial(const RunFolder& folder, const std::string& optimizee, const OptionValues& given);

/// Why the optimizers of a run do not fit the groups of θ, "quadratic has no groups of parameters"; "" if they do.
std::string misfit_of_groups(const RunConfig& config, const std::string& optimizee, const Family& family);

/// tune_learning_rate, which shows its progress and ends with its result.
double tune(const Rule& rule, const Family& family, const TuneOptions& options, StatusLine& status);

/// The same on the functions of a trial, unless the file has the rate.
double tune(const Rule& rule, const Trial& trial, const TuneOptions& options, RateFile& rates, StatusLine& status);

}  // namespace l2l
