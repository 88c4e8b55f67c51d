#include "examples/l2l/watch/progress_json.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/run/csv_file.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/reference.h"
#include "examples/l2l/run/refinement.h"
#include "examples/l2l/run/run_folder.h"
#include "examples/l2l/run/train_log.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostPoints = 2000;  // of a curve: more than a screen has pixels
constexpr std::size_t kMostRuns = 24;

/// A curve; of a long one every k-th point, and the last.
class Curve {
 public:
  void add(int at, double loss) {
    at_.push_back(at);
    losses_.push_back(loss);
  }
  bool is_long() const { return at_.size() > kMostPoints; }
  Json json() const {
    const std::size_t stride = (at_.size() + kMostPoints - 1) / kMostPoints;
    Json at = Json::array(), losses = Json::array();
    for (std::size_t k = 0; k < at_.size(); ++k) {
      if (k % stride != 0 && k + 1 != at_.size()) continue;
      at.push_back(at_[k]);
      losses.push_back(losses_[k]);  // null if it is not finite
    }
    return {at, losses};
  }

 private:
  std::vector<int> at_;
  std::vector<double> losses_;
};

void add_times(Json& run, const fs::path& log) {
  const auto written = fs::last_write_time(log);
  const auto age = std::chrono::duration<double>(fs::file_time_type::clock::now() - written);
  run["written"] = std::chrono::duration<double>(written.time_since_epoch()).count();
  run["age"] = std::max(0.0, age.count());
}

void add_curves(Json& run, const Curve& training, const Curve& validation) {
  run["training"] = training.json();
  run["validation"] = validation.json();
  if (training.is_long() || validation.is_long()) run["note"] = "long curves: every so many points are shown";
}

void add_training(Json& run, const RunFolder& folder, const RunConfig& config) {
  const MetaTrainConfig& c = config.training;
  const int steps = c.validation_steps > 0 ? c.validation_steps : c.steps;
  run["total"] = c.epochs;
  run["loss"] = steps == c.steps ? format("loss at step %d", steps)
                                 : format("loss at the last step (validation: %d, training: %d)", steps, c.steps);
  if (!fs::exists(folder.log())) {
    run["message"] = fs::exists(folder.optimizer()) ? "an optimizer without the log of its training"
                                                    : "no epoch is written down yet";
    return;
  }
  const TrainingLog log = [&] {
    try {
      return read_training_log(folder.log());
    } catch (const Error& error) {
      throw Error(folder.log().string(), ": damaged: ", error.what());
    }
  }();
  add_times(run, folder.log());
  Curve training, validation;
  for (std::size_t k = 0; k < log.final_losses.size(); ++k) training.add(static_cast<int>(k) + 1, log.final_losses[k]);
  for (const auto& [epoch, loss] : log.validations) validation.add(epoch, loss);
  add_curves(run, training, validation);
  run["done"] = log.final_losses.size();
  if (const auto best = log.best(); best && !c.imitates_only())
    run["best"] = {{"at", best->epoch}, {"loss", best->loss}};
  if (!fs::exists(folder.reference())) return;
  try {
    const Reference reference =
        read_reference(folder.reference(), {.functions = c.validation_functions, .steps = steps, .seed = c.seed});
    run["reference"] = {{"text", describe(reference)}, {"loss", reference.loss}};
  } catch (const Error& error) {  // the curves are there all the same
    run["note"] = error_line(error.what());
  }
}

void add_refinement(Json& run, const RunFolder& folder) {
  const Refinement refinement = read_refinement(folder.refinement(".json"), "");
  const std::string text = read_text(folder.refinement(".csv"));
  add_times(run, folder.refinement(".csv"));
  run["total"] = refinement.config.iterations;
  run["loss"] = "loss of a validation";
  Curve validation;
  std::optional<std::pair<int, double>> best;
  int done = 0;
  for (const CsvRow& row : read_csv(text, kRefinementHeader)) {
    done = row.count(0);
    if (row.cells[3].empty()) continue;
    validation.add(done, row.at(3));
    if (!best || row.at(3) < best->second) best = {done, row.at(3)};
  }
  add_curves(run, {}, validation);
  run["done"] = done;
  if (best) run["best"] = {{"at", best->first}, {"loss", best->second}};
  if (const auto& reference = refinement.reference) {
    run["reference"] = {{"text", describe(*reference)}, {"loss", reference->loss}};
  }
}

/// What `fill` finds; a message instead if that fails.
template <class Fill>
Json entry(const std::string& name, const std::string& kind, Fill fill) {
  Json run = {{"name", printable(name)}, {"kind", kind}};
  try {
    fill(run);
  } catch (const std::exception& error) {  // damaged, or just being replaced
    run = {{"name", printable(name)}, {"kind", kind}, {"message", error_line(error.what())}};
  }
  return run;
}

void add_run(Json& runs, const fs::path& path, const std::string& name) {
  const RunFolder folder{path};
  std::error_code none;
  const bool refined = fs::exists(folder.refinement(".json"), none);
  std::optional<RunConfig> config;
  const auto read = [&](Json& run) {
    if (!fs::exists(folder.config())) {
      run["message"] = "nothing is written yet: a training writes its first files after its first validation";
      return;
    }
    config = folder.read_config();
    run["of"] = printable(learners(config->model()) + " on " + family(config->optimizee, config->options));
  };
  Json training = entry(name, "training", [&](Json& run) {
    read(run);
    if (config) add_training(run, folder, *config);
  });
  const bool only_refined = refined && config && !fs::exists(folder.log(), none);
  if (!only_refined) runs.push_back(training);
  if (!refined) return;
  runs.push_back(entry(name, "refinement", [&](Json& run) {
    read(run);
    add_refinement(run, folder);
  }));
}

/// The runs in the folders of `path`, by name.
std::vector<fs::path> runs_below(const fs::path& path) {
  std::vector<fs::path> found;
  std::error_code failure;
  for (const fs::directory_entry& below : fs::directory_iterator(path, failure)) {
    if (fs::exists(RunFolder{below.path()}.config(), failure)) found.push_back(below.path());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::string progress_json(const std::vector<fs::path>& folders) {
  Json runs = Json::array();
  for (const fs::path& path : folders) {
    std::error_code failure;
    if (!fs::is_directory(path, failure)) {
      runs.push_back({{"name", printable(path.string())}, {"kind", "training"}, {"message", "the folder is gone"}});
      continue;
    }
    const bool is_run = fs::exists(RunFolder{path}.config(), failure);
    const std::vector<fs::path> below = is_run ? std::vector<fs::path>() : runs_below(path);
    if (below.empty()) add_run(runs, path, path.string());
    for (const fs::path& run : below) {
      if (runs.size() < kMostRuns) add_run(runs, run, run.string());
    }
  }
  Json answer;
  answer["runs"] = runs;
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace l2l
