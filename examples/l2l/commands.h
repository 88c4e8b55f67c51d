#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "optim/tune.h"
#include "optimizees/registry.h"

/// The subcommands of `l2l`. Each returns the program's exit code, and throws UsageError or Error.
namespace l2l {

int list();

struct TrainRequest {
  std::string optimizee, out;
  std::map<std::string, std::string> settings;  // those given, by name
  OptionValues options;  // likewise
  int threads = 1;
  bool resume = false, force = false;
  bool plan = false;  // only say what it would take
};
int train(const TrainRequest& request);

struct CompareRequest {
  std::string run, label;
  std::string optimizee;  // empty: the one that the run was trained on
  OptionValues options;  // those given
  std::optional<int> steps;  // none: twice the steps of the training
  int functions = 64, tune_functions = 32;
  Criterion criterion = Criterion::final;
  std::uint64_t seed = 0;
  int threads = 1;
  bool force = false;
};
int compare(const CompareRequest& request);

}  // namespace l2l
