#pragma once
#include <string>

#include "examples/l2l/run/progress.h"
#include "examples/l2l/run/run_folder.h"
#include "optim/tune.h"

namespace l2l {

/// A trained optimizer, and the functions that it is to be tried on.
struct Trial {
  RunConfig config;  // of the training
  LearnedOptimizer learned;
  std::string optimizee;
  OptionValues options;  // of the optimizee, defaults included
  Family family;  // `interruptible`
};
/// The optimizer of a run, on the functions that it was trained on, or with other options `given` for them, or with
/// another optimizee if that is not empty. An Error names the file that is missing or does not fit.
Trial open_trial(const RunFolder& folder, const std::string& optimizee, const OptionValues& given);

/// Why the optimizers of a run do not fit the groups of θ, "quadratic has no groups of parameters"; "" if they do.
std::string misfit_of_groups(const RunConfig& config, const std::string& optimizee, const Family& family);

/// tune_learning_rate with its progress, and its result as a line of the log.
double tune(const Rule& rule, const Family& family, const TuneOptions& options, StatusLine& status);

}  // namespace l2l
