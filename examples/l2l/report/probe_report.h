#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "examples/l2l/report/gnuplot.h"
#include "optim/study/probe.h"
#include "optimizees/registry.h"

namespace l2l {

/// A coordinate that is looked at closely.
struct ProbedCoordinate {
  Index index;
  std::string place;  // its parameter, and where in it
  double magnitude;  // mean |gradient|
  std::vector<Real> gradients;  // that it saw, a number a step
  std::vector<Real> swept;  // gradients that it might have seen
};

/// One of the optimizers, and what it proposes.
struct Proposals {
  std::string name;
  std::optional<double> learning_rate;  // none for the learned optimizer
  std::string rate_source;  // "compare.json", say
  History updates;  // [steps][coordinates looked at]
  std::vector<History> responses;  // of each coordinate, [sweep steps][its swept gradients]
  double lag;  // of the autocorrelation, over the sample
};

/// What a probe saw, and how it was made.
struct Probe {
  std::string optimizee;
  OptionValues options;
  std::string trained_on;  // the optimizee of the training
  int trained_steps = 0;
  int function = 0;
  std::uint64_t seed = 0;
  Index size = 0;  // coordinates of θ
  int steps = 0, sweep_steps = 0;  // those that could be made
  std::vector<double> losses;  // f(θ_0), f(θ_1) …; infinite where the LSTM diverged
  std::vector<ProbedCoordinate> coordinates;
  std::vector<Proposals> optimizers;  // lstm, adam, sgd
  // Over the steps and a sample of the coordinates, see optim/probe.h:
  Index sampled = 0;
  double opposed_to_adam = 0;  // how often the LSTM's update has not ADAM's sign
  double over_adam = 0, over_sgd = 0;  // median |LSTM| / |ADAM| and / |SGD|
};

inline constexpr const char* kProbeHeader = "coordinate,step,gradient,lstm,adam,sgd\n";
/// `coordinate,step,gradient,lstm,adam,sgd`: the gradient of each step, and the update that each would make.
std::string updates_csv(const Probe& probe);
/// The same header: gradients that each step might have seen, and the updates proposed for them.
std::string response_csv(const Probe& probe);
/// Settings and single numbers; what is not finite is null.
std::string probe_json(const Probe& probe);

/// What probe.json says of the other files.
struct Probed {
  std::map<Index, std::string> places;  // of the coordinates that were looked at
  int steps = 0, sweep_steps = 0;
};
/// Reads it back. An Error names the file, and ends with the remedy.
Probed read_probed(const std::filesystem::path& json, const std::string& remedy);
/// Likewise if a table is not of these coordinates, with equally many rows for each and each of so many steps.
void check_probe_csv(const std::filesystem::path& csv, const Probed& probed, int steps, const std::string& remedy);
/// For people: the single numbers.
std::string probe_table(const Probe& probe);

/// gnuplot commands for figure 10: a panel a coordinate, updates against the step.
Commands updates_plot(const Probe& probe);
/// gnuplot commands for figures 11 to 13: a panel a step, updates of coordinate `k` (of those looked at) against the
/// gradient.
Commands response_plot(const Probe& probe, std::size_t k);

}  // namespace l2l
