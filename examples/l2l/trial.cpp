#include "examples/l2l/trial.h"

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/option_paths.h"
#include "optim/groups.h"
#include "optim/team.h"

namespace l2l {
Trial open_trial(const RunFolder& folder, const std::string& optimizee, const OptionValues& given) {
  const RunConfig config = folder.read_config();
  LearnedOptimizer learned = folder.read_optimizer(config);
  check_same("the weights in " + folder.optimizer().string(),
             {reinterpret_cast<const char*>(learned.phi.data()), learned.phi.size() * sizeof(Real)});
  const OptimizeeEntry& entry = find_optimizee(optimizee.empty() ? config.optimizee : optimizee);
  OptionValues options;
  for (const OptimizeeOption& option : entry.options) options[option.name] = option.default_value;
  if (entry.name == config.optimizee) options = config.options;
  const OptionValues changed = absolute_paths(entry, given);
  const Family family = interruptible(folder.make_optimizee(entry, options, changed));
  if (const std::string misfit = misfit_of_groups(config, entry.name, family); !misfit.empty()) {
    throw Error(folder.config().string(), ": has optimizers for the groups ", config.groups, ", but ", misfit,
                "; name another --run, or leave out --optimizee");
  }
  for (const auto& [name, value] : changed) options[name] = value;
  return {config, std::move(learned), folder.trained_steps(config), entry.name, options, family};
}

std::string misfit_of_groups(const RunConfig& config, const std::string& optimizee, const Family& family) {
  const Layout theta = family.example()->layout();
  try {
    Groups(theta, config.model().groups());
    return "";
  } catch (const Error& error) {
    const bool none = theta.groups() == std::vector<std::string>{""};
    return none ? optimizee + " has no groups of parameters" : error.what();
  }
}

double tune(const Rule& rule, const Family& family, const TuneOptions& options, StatusLine& status) {
  const auto progress = [&](int evaluations) {
    status.update("tuning " + rule.name + ": evaluation " + std::to_string(evaluations));
  };
  const double rate = tune_learning_rate(rule, family, options, progress).learning_rate;
  status.finish(format("tuned %s: learning rate %.4g", rule.name.c_str(), rate));
  return rate;
}

double tune(const Rule& rule, const Trial& trial, const TuneOptions& options, RateFile& rates, StatusLine& status) {
  return rates.rate(rule, trial.optimizee, trial.options, options,
                    [&] { return tune(rule, trial.family, options, status); });
}

}  // namespace l2l
