#include "examples/l2l/report/figures.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/report/comparison_curves.h"
#include "examples/l2l/report/figures_page.h"
#include "examples/l2l/report/page_data.h"
#include "examples/l2l/report/preprocess_plot.h"
#include "examples/l2l/report/probe_report.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/report/speedup_table.h"
#include "examples/l2l/report/walk_data.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/run/refinement.h"
#include "examples/l2l/run/run_folder.h"
#include "nn/files/atomic_file.h"
#include "nn/spelling.h"
#include "optim/team.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

/// The runs of the table on the given optimizees, or all, in the order of the table.
std::vector<FigureRun> chosen(const std::vector<std::string>& only) {
  const std::vector<std::string> all = figure_optimizees();
  for (const std::string& name : only) {
    if (std::find(all.begin(), all.end(), name) != all.end()) continue;
    std::string names;
    for (const std::string& known : all) names += (names.empty() ? "" : ", ") + known;
    throw UsageError("--only: there are no figures of '", name, "', only of ", names, did_you_mean(name, all));
  }
  std::vector<FigureRun> result;
  for (const FigureRun& run : figure_runs()) {
    if (only.empty() || std::find(only.begin(), only.end(), run.optimizee) != only.end()) result.push_back(run);
  }
  return result;
}

void heading(const std::string& text) {
  std::printf("\n== %s\n", text.c_str());
  std::fflush(stdout);
}

RunFolder place_of(const FigureRun& run, const FiguresRequest& request) { return {fs::path(request.out) / run.name}; }
/// Where `--runs` may have a trained optimizer for it.
RunFolder ready_for(const FigureRun& run, const FiguresRequest& request) { return {fs::path(request.runs) / run.name}; }

/// Reads the run in a folder. Throws an Error that ends with the remedy if its functions are not those of the figure.
RunConfig read_run(const RunFolder& folder, const FigureRun& run, const char* remedy) {
  const RunConfig config = folder.read_config();
  if (config.optimizee != run.optimizee) {
    throw Error(folder.path.string(), ": a run on ", config.optimizee, ", this figure is of ", run.optimizee, remedy);
  }
  for (const auto& [name, value] : run.options) {
    if (const std::string& found = config.options.at(name); found != value) {
      throw Error(folder.path.string(), ": a run with --", name, " ", found, ", this figure is of ", value, remedy);
    }
  }
  return config;
}

/// Reads a comparison. Throws an Error if its functions are not those of the figure.
ComparisonSummary read_figure(const RunFolder& folder, const FigureRun& run, const Figure& figure) {
  const fs::path file = folder.comparison(figure.label, ".json");
  const ComparisonSummary made = read_comparison(file, kDeleteIt);
  if (made.optimizee != run.optimizee || made.trained_on != run.optimizee) {
    throw Error(file.string(), ": on ", made.optimizee, " with an optimizer trained on ", made.trained_on,
                ", this figure is of ", run.optimizee, kDeleteIt);
  }
  if (figure.steps > 0 && (made.steps != figure.steps || made.horizon != figure.steps)) {
    throw Error(file.string(), ": this figure needs a comparison with --steps and --tune-steps ", figure.steps,
                kDeleteIt);
  }
  for (const auto& [name, value] : figure.options) {
    const auto found = made.options.find(name);
    if (found != made.options.end() && found->second == value) continue;
    throw Error(file.string(), ": this figure needs a comparison with --", name, " ", value, kDeleteIt);
  }
  return made;
}

void check_own(const fs::path& file, bool own) {
  if (fs::exists(file) && !own) {
    throw Error(file.string(), ": not written by l2l figures, but would be replaced; name another --out, or move it");
  }
}

bool begins_with(const fs::path& file, const char* header) {
  return fs::is_regular_file(file) && read_text(file).starts_with(header);
}

/// Throws an Error if a table that would be replaced, or its picture, was not written by an earlier call.
void check_own_table(const fs::path& csv, const char* header) {
  const bool own = begins_with(csv, header);
  check_own(csv, own);
  check_own(fs::path(csv).replace_extension(".png"), own);
}

/// The same for the page.
void check_own_page(const fs::path& folder) {
  const fs::path page = folder / "report.html";
  check_own(page, fs::is_regular_file(page) && read_text(page).find(kGenerator) != std::string::npos);
  check_own_table(folder / "speedups.csv", kSpeedupsHeader);
}

/// Throws an Error if an existing probe is damaged, or if files that a killed probe may have left are something else.
void check_probe(const RunFolder& place) {
  const fs::path json = place.probe("", ".json");
  for (const char* name : {"updates", "response"}) {
    const fs::path csv = place.probe(name, ".csv");
    if (!fs::exists(json)) {
      check_own_table(csv, kProbeHeader);
    } else if (const Probed probed = read_probed(json, kDeleteIt); fs::exists(csv)) {
      check_probe_csv(csv, probed, name == std::string("updates") ? probed.steps : probed.sweep_steps, kDeleteIt);
    }
  }
}

/// Before anything is written: throws an Error if an existing run, comparison or probe cannot be used.
void check(const FigureRun& run, const FiguresRequest& request) {
  const RunFolder place = place_of(run, request), ready = ready_for(run, request);
  if (fs::exists(place.config())) {
    const RunConfig config = read_run(place, run, "; name another --out");
    if (fs::exists(place.optimizer()) && !fs::exists(place.checkpoint())) place.read_optimizer(config);
  } else if (!request.runs.empty() && fs::exists(ready.config())) {
    check_own(place.optimizer(),
              fs::exists(place.optimizer()) && read_text(place.optimizer()) == read_text(ready.optimizer()));
    ready.read_optimizer(read_run(ready, run, "; name another --runs"));
  }
  for (const Figure& figure : run.figures) {
    const fs::path csv = place.comparison(figure.label, ".csv");
    const fs::path functions = place.comparison(figure.label, "-functions.csv");
    if (const fs::path json = place.comparison(figure.label, ".json"); !fs::exists(json)) {
      check_own_table(csv, begins_with(csv, kOldComparisonHeader) ? kOldComparisonHeader : kComparisonHeader);
      check_own(functions, begins_with(functions, kFunctionsHeader));
    } else if (const ComparisonSummary made = read_figure(place, run, figure); fs::exists(csv)) {
      comparison_curves(csv, made, kDeleteIt);
    }
  }
  check_probe(place);
  check_own_table(place.path / "preprocess.csv", kPreprocessHeader);
  if (fs::exists(place.walk(".json"))) walk_data(place.walk(".json"), kDeleteIt);
  if (const fs::path file = place.refinement(".json"); fs::exists(file)) read_refinement(file, kDeleteIt);
}

/// Copies a trained optimizer from `--runs`, or trains one, or continues a training that was stopped. A trained
/// optimizer that is there already is kept.
void provide_run(const RunFolder& folder, const FigureRun& run, const FiguresRequest& request) {
  const RunFolder ready = ready_for(run, request);
  if (!fs::exists(folder.config()) && !request.runs.empty() && fs::exists(ready.config())) {
    const OutputFolder made(folder.path);
    write_files_atomically(
        {{folder.optimizer(), read_text(ready.optimizer())}, {folder.config(), read_text(ready.config())}});
    return;
  }
  TrainRequest training;
  training.out = folder.path.string();
  training.threads = request.threads;
  training.resume = fs::exists(folder.config());
  if (training.resume && fs::exists(folder.optimizer()) && !fs::exists(folder.checkpoint())) return;
  if (!training.resume) {
    training.optimizee = run.optimizee;
    training.options = run.options;
    if (request.epochs) training.settings["epochs"] = std::to_string(*request.epochs);
  }
  heading("training " + run.name);
  train(training);
}

void provide_comparison(const RunFolder& folder, const FigureRun& run, const Figure& figure,
                        const FiguresRequest& request) {
  if (const fs::path file = folder.comparison(figure.label, ".json"); fs::exists(file)) {
    const ComparisonSummary made = read_figure(folder, run, figure);
    const bool drawn = fs::exists(folder.comparison(figure.label, ".png"));
    std::printf("%s: used as it is, with %d held-out functions and %d to tune on%s\n", file.c_str(), made.functions,
                made.tune_functions, drawn ? "" : "; it has no picture: delete it to have both made again");
    return;
  }
  heading(run.name + ": " + figure.title);
  CompareRequest comparison;
  comparison.run = folder.path.string();
  comparison.label = figure.label;
  comparison.options = figure.options;
  if (figure.steps > 0) comparison.steps = comparison.tune_steps = figure.steps;
  comparison.functions = request.functions;
  comparison.tune_functions = request.tune_functions;
  comparison.threads = request.threads;
  comparison.force = true;  // a killed call may have left a part
  compare(comparison);
}

void provide_probe(const RunFolder& folder, const FiguresRequest& request) {
  if (fs::exists(folder.probe("", ".json"))) return;
  heading("inside the optimizer");
  ProbeRequest inside;
  inside.run = folder.path.string();
  inside.threads = request.threads;
  inside.force = true;
  probe(inside);
}

/// Prints the table of speed-ups, and writes it.
void report_speedups(const fs::path& folder, const std::vector<FigureRun>& runs) {
  std::vector<fs::path> skipped;
  const std::vector<SpeedupRow> rows = speedup_rows(folder, runs, &skipped);
  for (const fs::path& file : skipped) {
    std::printf("%s: of an older l2l, so it has no speed-up; delete it to have it made again\n",
                printable(file.string()).c_str());
  }
  if (!rows.empty()) std::printf("\n%s%s\n", in_columns(speedup_cells(rows)).c_str(), speedup_note().c_str());
  const fs::path csv = folder / "speedups.csv";
  write_file_atomically(csv, speedups_csv(rows));
  std::printf("\nnumbers  %s\n", csv.c_str());
}

}  // namespace

int figures(const FiguresRequest& request) {
  const std::vector<FigureRun> runs = chosen(request.only);
  if (!request.runs.empty() && !fs::is_directory(request.runs)) {
    throw UsageError("--runs ", request.runs, ": there is no such folder; leave it out to train all runs");
  }
  for (const FigureRun& run : runs) check(run, request);
  speedup_rows(request.out, runs);  // an Error for a damaged comparison of another run
  meet();
  const fs::path folder = request.out, page = folder / "report.html";
  check_own_page(folder);
  const OutputFolder made(folder);
  const FolderLock lock(folder, FolderLock::alone);
  for (const fs::path& file : {page, folder / "speedups.csv"}) check_writable(file);
  try {
    for (const FigureRun& run : runs) {
      const RunFolder place = place_of(run, request);
      provide_run(place, run, request);
      stop_if_interrupted();
      meet();
      // The run must not change from here on. The lock also sweeps what a killed call left, where nothing is made anew.
      const FolderLock unchanged(place.path, FolderLock::together);
      for (const Figure& figure : run.figures) {
        provide_comparison(place, run, figure, request);
        stop_if_interrupted();
      }
      meet();  // a probe reads comparisons
      provide_probe(place, request);
      stop_if_interrupted();
    }
  } catch (const Interrupted&) {
    throw Interrupted{"interrupted; the same command continues from here"};
  }
  meet();
  if (!writes_files()) return 0;
  for (const FigureRun& run : runs) {
    const RunFolder place = place_of(run, request);
    draw_preprocessing(place.read_config().optimizer.preprocess, place.path);
  }
  report_speedups(folder, runs);
  write_file_atomically(page, figures_page(folder, runs));
  std::printf("report  %s\n", page.c_str());
  return 0;
}

}  // namespace l2l
