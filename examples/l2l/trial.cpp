#include "examples/l2l/trial.h"

#include "autodiff/format.h"
#include "examples/l2l/interrupt.h"

namespace l2l {
Trial open_trial(const RunFolder& folder, const std::string& optimizee, const OptionValues& given) {
  const RunConfig config = folder.read_config();
  LearnedOptimizer learned = folder.read_optimizer(config);
  const OptimizeeEntry& entry = find_optimizee(optimizee.empty() ? config.optimizee : optimizee);
  OptionValues options;
  for (const OptimizeeOption& option : entry.options) options[option.name] = option.default_value;
  if (entry.name == config.optimizee) options = config.options;
  const OptionValues changed = absolute_paths(entry, given);
  const OptimizeeFactory make = interruptible(folder.make_optimizee(entry, options, changed));
  for (const auto& [name, value] : changed) options[name] = value;
  return {config, std::move(learned), entry.name, options, make};
}

double tune(const Rule& rule, const OptimizeeFactory& optimizee, const TuneOptions& options, StatusLine& status) {
  const auto progress = [&](int evaluations) {
    status.update("tuning " + rule.name + ": evaluation " + std::to_string(evaluations));
  };
  const double rate = tune_learning_rate(rule, optimizee, options, progress).learning_rate;
  status.finish(format("tuned %s: learning rate %.4g", rule.name.c_str(), rate));
  return rate;
}

}  // namespace l2l
