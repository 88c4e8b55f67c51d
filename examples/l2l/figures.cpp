#include "examples/l2l/figures.h"

#include <algorithm>
#include <cstdio>

#include "autodiff/error.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/figures_page.h"
#include "examples/l2l/preprocess_plot.h"
#include "examples/l2l/run_folder.h"
#include "nn/atomic_file.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

/// The runs of the table, or those on the optimizees that were asked for, in the table's order.
std::vector<FigureRun> chosen(const std::vector<std::string>& only) {
  std::vector<std::string> all;
  for (const FigureRun& run : figure_runs()) {
    if (all.empty() || all.back() != run.optimizee) all.push_back(run.optimizee);
  }
  for (const std::string& name : only) {
    if (std::find(all.begin(), all.end(), name) != all.end()) continue;
    std::string names;
    for (const std::string& known : all) names += (names.empty() ? "" : ", ") + known;
    throw UsageError("--only: there are no figures for '", name, "', but for ", names);
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

/// Copies a trained optimizer from `ready`, or trains one, or goes on with a training that was interrupted. What is
/// there already stays as it is.
void provide_run(const RunFolder& folder, const FigureRun& run, const FiguresRequest& request) {
  if (!fs::exists(folder.config()) && !request.runs.empty()) {
    const RunFolder ready{fs::path(request.runs) / run.name};
    if (fs::exists(ready.config())) {
      ready.read_config();
      folder.make();
      write_file_atomically(folder.optimizer(), read_text(ready.optimizer()));
      write_file_atomically(folder.config(), read_text(ready.config()));
      return;
    }
  }
  TrainRequest training;
  training.out = folder.path.string();
  training.threads = request.threads;
  training.resume = fs::exists(folder.checkpoint());
  if (!training.resume && fs::exists(folder.config())) return;
  if (!training.resume) {
    training.optimizee = run.optimizee;
    training.options = run.options;
    if (request.epochs) training.settings["epochs"] = std::to_string(*request.epochs);
  }
  heading("training " + run.name);
  if (train(training) != 0) throw Error("the training was interrupted; the same command goes on with it");
}

void provide_comparison(const RunFolder& folder, const FigureRun& run, const Figure& figure,
                        const FiguresRequest& request) {
  if (fs::exists(folder.comparison(figure.label, ".json"))) return;
  heading(run.name + ": " + figure.title);
  CompareRequest comparison;
  comparison.run = folder.path.string();
  comparison.label = figure.label;
  comparison.options = figure.options;
  comparison.functions = request.functions;
  comparison.tune_functions = request.tune_functions;
  comparison.threads = request.threads;
  comparison.force = true;  // what an interrupted call left
  compare(comparison);
}

void provide_probe(const RunFolder& folder, const FiguresRequest& request) {
  if (fs::exists(folder.path / "probe.json")) return;
  heading("inside the optimizer");
  ProbeRequest inside;
  inside.run = folder.path.string();
  inside.threads = request.threads;
  inside.force = true;
  probe(inside);
}

}  // namespace

int figures(const FiguresRequest& request) {
  const std::vector<FigureRun> runs = chosen(request.only);
  if (!request.runs.empty() && !fs::is_directory(request.runs)) {
    throw UsageError("--runs ", request.runs, ": there is no such folder; leave it out to train all runs anew");
  }
  const RunFolder folder{request.out};
  folder.make();
  draw_preprocessing({}, folder.path);
  for (const FigureRun& run : runs) {
    const RunFolder place{folder.path / run.name};
    provide_run(place, run, request);
    for (const Figure& figure : run.figures) provide_comparison(place, run, figure, request);
    provide_probe(place, request);
  }
  const fs::path page = folder.path / "report.html";
  write_file_atomically(page, figures_page(folder.path, runs));
  std::printf("\nreport  %s\n", page.c_str());
  return 0;
}

}  // namespace l2l
