#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "examples/l2l/report/gnuplot.h"
#include "optim/study/drift.h"
#include "optim/study/probe.h"
#include "optimizees/registry.h"

namespace l2l {

/// A coordinate that the probe shows.
struct ProbedCoordinate {
  Index index;
  std::string place;  // its parameter, and its index in that
  double magnitude;  // mean |gradient|
  std::vector<Real> gradients;  // its gradient at each step
  std::vector<Real> swept;  // the gradients tried instead
};

/// What one of the optimizers proposes.
struct Proposals {
  std::string name;
  std::optional<double> learning_rate;  // none for the learned optimizer
  std::string rate_source;  // "compare.json", say
  History updates = {};  // [steps][coordinates shown]
  History silence = {};  // [silent steps][coordinates shown]: after these, with gradients of 0
  std::vector<History> responses = {};  // of each coordinate, [sweep steps][its swept gradients]
  double lag = 0;  // of the autocorrelation, over the sample
  Drift drift = {};  // over the sample
};

/// The results of a probe, and its settings.
struct Probe {
  std::string optimizee;
  OptionValues options;
  std::string trained_on;  // the optimizee of the training
  int trained_steps = 0;
  int function = 0;
  std::uint64_t seed = 0;
  Index size = 0;  // coordinates of θ
  int steps = 0, sweep_steps = 0;  // until the LSTM diverged, if it did
  int silent_steps = 0;  // with gradients of 0, that follow
  std::vector<double> losses;  // f(θ_0), f(θ_1) …; infinite where the LSTM diverged
  std::vector<ProbedCoordinate> coordinates;
  std::vector<Proposals> optimizers;  // lstm, adam, sgd
  // Over the steps and a sample of the coordinates, see optim/study/probe.h:
  Index sampled = 0;
  double opposed_to_adam = 0;  // share of the LSTM's updates whose sign is not ADAM's
  double over_adam = 0, over_sgd = 0;  // median |LSTM| / |ADAM| and / |SGD|
};

inline constexpr const char* kProbeHeader = "coordinate,step,gradient,lstm,adam,sgd\n";
/// `coordinate,step,gradient,lstm,adam,sgd`: the gradient of each step, and the update that each would make.
std::string updates_csv(const Probe& probe);
/// The same header: the gradients swept at each step, and the updates proposed for them.
std::string response_csv(const Probe& probe);
/// Settings and single numbers; numbers that are not finite are null.
std::string probe_json(const Probe& probe);

/// The steps whose responses the table and the picture show: 1, 2, 4, 8, …, of those swept.
std::vector<int> few_steps(const Probe& probe);

/// What probe.json says about the other files.
struct Probed {
  std::map<Index, std::string> places;  // of the coordinates shown
  std::map<std::string, double> rates;  // of ADAM and SGD
  int steps = 0, sweep_steps = 0;
};
/// Reads probe.json. An Error names the file, and ends with the remedy.
Probed read_probed(const std::filesystem::path& json, const std::string& remedy);
/// Throws such an Error unless a table has equally many rows for each of these coordinates and steps, and no others.
void check_probe_csv(const std::filesystem::path& csv, const Probed& probed, int steps, const std::string& remedy);
/// A table of the single numbers to read.
std::string probe_table(const Probe& probe);

/// gnuplot commands for figure 10: a panel per coordinate, updates against the step. Steps at which the gradient has
/// vanished are grey, and so are those after the trajectory, with gradients of 0.
Commands updates_plot(const Probe& probe);
/// gnuplot commands for figures 11 to 13: updates of the k-th coordinate shown against the gradient. A panel for each
/// of `few_steps`, large and with a scale of its own, or as in the paper a grid of small ones for all steps, on one
/// scale. A scale fits the curves of the LSTM and ADAM but for their outermost parts (`robust_range`); what leaves a
/// panel is noted in it.
Commands response_plot(const Probe& probe, std::size_t k, bool grid);

}  // namespace l2l
