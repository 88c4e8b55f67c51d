#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "autodiff/error.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/probe_report.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/trial.h"
#include "nn/files/atomic_file.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/study/drift.h"

namespace l2l {
namespace {

constexpr Index kSample = 1000;  // coordinates that the statistics are taken over
constexpr int kPicked = 3;  // coordinates, if so many have a gradient
constexpr int kSweepSteps = 32, kSweepPoints = 201;  // odd, so that 0 is a point

/// `kSweepPoints` gradients at equal distances, in the given range, or to slightly beyond the largest one seen. Throws
/// a UsageError if their differences are denormal, as slopes are computed from them.
std::vector<Real> sweep(const std::optional<std::pair<double, double>>& range, double largest) {
  const auto [low, high] = range.value_or(std::pair{-1.25 * largest, 1.25 * largest});
  std::vector<Real> swept;
  for (int k = 0; k < kSweepPoints; ++k) {
    swept.push_back(static_cast<Real>(low + (high - low) * k / (kSweepPoints - 1)));
    if (k > 0 && swept[k] - swept[k - 1] < std::numeric_limits<Real>::min()) {
      throw UsageError("--range: ", low, ",", high, " is too narrow for ", kSweepPoints, " different gradients");
    }
  }
  return swept;
}

/// Before the work: checks that the coordinates exist, and that the gradients are not too many to keep.
void check_request(const ProbeRequest& request, Index size, int steps) {
  for (const int k : request.coordinates) {
    if (k >= size) {
      throw UsageError("--coordinates: there is no ", k, ", theta has ", size, " coordinates, 0 to ", size - 1);
    }
  }
  if (request.pick.value_or(1) > size) {
    throw UsageError("--pick ", *request.pick, ": theta has only ", size, size == 1 ? " coordinate" : " coordinates");
  }
  constexpr Index kMaxNumbers = Index{1} << 28;  // a gigabyte of floats
  if (steps > kMaxNumbers / size) {
    throw UsageError("--steps ", steps, ": the gradients of ", size, " coordinates need too much memory; at most ",
                     kMaxNumbers / size, " steps are possible");
  }
  if (request.sweep_steps.value_or(0) > steps) {
    throw UsageError("--sweep-steps ", *request.sweep_steps, ": only ", steps, " steps are followed");
  }
  if (request.range) sweep(request.range, 0);
}

/// A probe replays single coordinates, so it cannot show features that depend on all of a parameter.
void check_features(const OptimizerModel& model) {
  for (const OptimizerModel::Part& part : model.parts()) {
    if (part.model() && part.model()->config().preprocess.parameter_rows() > 0) {
      throw Error(
          "probe: the features ", name_of(part.model()->config().preprocess.kind),
          " of a coordinate depend on the gradients of its whole parameter, and a probe changes one at a time; ",
          "l2l diagnose looks at all of them");
    }
  }
}

EvaluateOptions held_out(const ProbeRequest& request, int steps) {
  EvaluateOptions options;
  options.steps = steps;
  options.seed = request.seed;
  return options;
}

/// The trajectory of the LSTM. Warns if it ends early, and throws an Error if it ends at once.
Recording follow_lstm(const Trial& trial, const ProbeRequest& request, int steps) {
  StatusLine().update("following lstm");
  const std::unique_ptr<Optimizer> lstm = make_optimizer(trial.learned, request.threads);
  Recording recording = record(*lstm, trial.family, request.function, held_out(request, steps));
  const int followed = static_cast<int>(recording.gradients.size());
  if (followed == 0) throw Error("function ", request.function, ": its loss or gradient is not finite at the start");
  if (followed < steps || !std::isfinite(recording.losses.back())) {
    std::fprintf(stderr,
                 "l2l: warning: the learned optimizer diverged: its loss or gradient is not finite after step "
                 "%d, where the probe ends\n",
                 followed);
  }
  return recording;
}

/// The learning rate of a rule in compare.json, if the comparison was made on the same functions.
std::optional<double> rate_in_comparison(const RunFolder& folder, const Trial& trial, const std::string& rule) {
  const std::filesystem::path file = folder.comparison("", ".json");
  if (!std::filesystem::exists(file)) return {};
  const ComparisonSummary made = read_comparison(file, "; give --" + rule + "-rate, or compare again with --force");
  if (made.optimizee != trial.optimizee || made.options != trial.options) return {};
  return made.scores.at(rule).learning_rate;
}

/// ADAM or SGD with the given learning rate, or that of a comparison, or one that is tuned as in a comparison.
Proposals with_rate(const std::string& name, std::optional<double> given, const RunFolder& folder, const Trial& trial,
                    const ProbeRequest& request) {
  if (given) return {name, given, "--" + name + "-rate"};
  if (const auto rate = rate_in_comparison(folder, trial, name)) return {name, rate, "compare.json"};
  const CompareRequest defaults;
  TuneOptions options;
  options.criterion = defaults.criterion;
  options.evaluate = {Split::validation, defaults.tune_functions, trial.config.horizon(trial.trained_steps),
                      request.seed, request.threads};
  StatusLine status;
  return {name, tune(find_rule(name), trial.family, options, status), "tuned"};
}

double largest_of(const std::vector<Real>& x) {
  double largest = 0;
  for (const Real v : x) largest = std::max(largest, std::fabs(static_cast<double>(v)));
  return largest;
}

/// The coordinates to show, with their gradients and those to try.
std::vector<ProbedCoordinate> look_at(const ProbeRequest& request, const Layout& layout, const History& gradients) {
  const std::vector<double> magnitudes = mean_magnitudes(gradients);
  std::vector<Index> chosen(request.coordinates.begin(), request.coordinates.end());
  if (chosen.empty()) {
    const int there = static_cast<int>(pickable_coordinates(magnitudes).size());
    chosen = pick_coordinates(magnitudes, request.pick.value_or(std::clamp(there, 1, kPicked)));
  }
  std::vector<ProbedCoordinate> coordinates;
  for (const Index k : chosen) {
    std::vector<Real> seen;
    for (const std::vector<Real>& gradient : gradients) seen.push_back(gradient[k]);
    double largest = largest_of(seen);
    // A coordinate without a gradient: any range will do.
    if (largest < kSweepPoints * std::numeric_limits<Real>::min()) largest = 1;
    coordinates.push_back({k, layout.place(k), magnitudes[k], seen, sweep(request.range, largest)});
  }
  return coordinates;
}

/// The updates of each optimizer for the coordinates shown, and the statistics over the sample.
void ask_optimizers(Probe& probe, const Layout& layout, const History& gradients, const Trial& trial) {
  std::vector<Index> chosen;
  for (const ProbedCoordinate& coordinate : probe.coordinates) chosen.push_back(coordinate.index);
  const std::vector<Index> sample = sample_coordinates(probe.size, kSample);
  const History chosen_gradients = select(gradients, chosen), sample_gradients = select(gradients, sample);
  History with_silence = chosen_gradients;
  with_silence.resize(probe.steps + probe.silent_steps, std::vector<Real>(chosen.size()));
  std::vector<History> sample_updates;
  for (Proposals& proposals : probe.optimizers) {
    stop_if_interrupted();
    const std::unique_ptr<Optimizer> optimizer = proposals.learning_rate
                                                     ? find_rule(proposals.name).make(*proposals.learning_rate)
                                                     : make_optimizer(trial.learned);
    proposals.updates = replay(*optimizer, select(layout, chosen), with_silence);
    const auto silence = proposals.updates.begin() + probe.steps;
    proposals.silence.assign(silence, proposals.updates.end());
    proposals.updates.erase(silence, proposals.updates.end());
    for (const ProbedCoordinate& coordinate : probe.coordinates) {
      stop_if_interrupted();
      proposals.responses.push_back(
          respond(*optimizer, layout, coordinate.index, coordinate.gradients, coordinate.swept, probe.sweep_steps));
    }
    stop_if_interrupted();
    sample_updates.push_back(replay(*optimizer, select(layout, sample), sample_gradients));
    proposals.lag = correlation_lag(sample_updates.back());
    proposals.drift =
        measure_drift(*optimizer, select(layout, sample), sample_gradients, [](int, int) { stop_if_interrupted(); });
  }
  probe.sampled = static_cast<Index>(sample.size());
  probe.opposed_to_adam = opposed(sample_updates[0], sample_updates[1]);
  probe.over_adam = median_ratio(sample_updates[0], sample_updates[1]);
  probe.over_sgd = median_ratio(sample_updates[0], sample_updates[2]);
}

void write_files(const Probe& probe, const RunFolder& folder, bool grid) {
  const bool sweeps = probe.sweep_steps > 0;
  const std::filesystem::path updates = folder.probe("updates", ".csv"), response = folder.probe("response", ".csv"),
                              summary = folder.probe("", ".json");
  std::vector<NewFile> files = {{updates, updates_csv(probe)}};
  if (sweeps) files.push_back({response, response_csv(probe)});
  std::vector<std::filesystem::path> pictures;
  const auto draw = [&](const Commands& commands, const std::string& name, const std::filesystem::path& data) {
    const std::filesystem::path png = folder.probe(name, ".png");
    if (add_picture(files, commands, png, data)) pictures.push_back(png);
  };
  draw(updates_plot(probe), "updates", updates);
  for (std::size_t k = 0; sweeps && k < probe.coordinates.size(); ++k) {
    draw(response_plot(probe, k, grid), "response_" + std::to_string(probe.coordinates[k].index), response);
  }
  files.push_back({summary, probe_json(probe)});  // last: if it is there, all files are
  write_files_atomically(files, folder.probes());  // an earlier probe had other coordinates

  std::printf("updates    %s\n", updates.c_str());
  if (sweeps) std::printf("responses  %s\n", response.c_str());
  std::printf("summary    %s\n", summary.c_str());
  for (const std::filesystem::path& png : pictures) std::printf("picture    %s\n", png.c_str());
}

}  // namespace

int probe(const ProbeRequest& request) {
  const RunFolder folder{request.run};
  const FolderLock lock(folder.path, FolderLock::together);
  const Trial trial = open_trial(folder, request.optimizee, request.options);
  check_features(trial.learned.model);
  const OutputLock output(folder.probe("", ".json"));
  folder.check_output(folder.probe("", ".json"), {folder.probe("updates", ".csv"), folder.probe("response", ".csv")},
                      request.force, "replace the earlier probe with --force");
  const int steps = request.steps.value_or(trial.config.horizon(trial.trained_steps));
  Rng stream = function_stream(request.function, held_out(request, steps));
  const Layout layout = trial.family(stream, Split::test)->layout();  // in an ensemble they differ
  check_request(request, layout.size(), steps);

  listen_for_interrupts();
  Probe probe;
  probe.optimizee = trial.optimizee;
  probe.options = trial.options;
  probe.trained_on = trial.config.optimizee;
  probe.trained_steps = trial.trained_steps;
  probe.function = request.function;
  probe.seed = request.seed;
  probe.size = layout.size();
  probe.optimizers = {{"lstm", {}, ""},
                      with_rate("adam", request.adam_rate, folder, trial, request),
                      with_rate("sgd", request.sgd_rate, folder, trial, request)};
  const Recording recording = follow_lstm(trial, request, steps);
  probe.steps = static_cast<int>(recording.gradients.size());
  probe.sweep_steps = std::min(request.sweep_steps.value_or(kSweepSteps), probe.steps);
  probe.silent_steps = (probe.steps + 1) / 2;
  probe.losses = recording.losses;
  probe.coordinates = look_at(request, layout, recording.gradients);
  ask_optimizers(probe, layout, recording.gradients, trial);

  // The table first: if a file cannot be written, the results are not lost.
  std::printf("%s\n", probe_table(probe).c_str());
  std::fflush(stdout);
  write_files(probe, folder, request.grid);
  return 0;
}

}  // namespace l2l
