#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "examples/l2l/run/reference.h"
#include "optim/meta/evolution.h"
#include "optim/schedule.h"
#include "optim/tune.h"
#include "optimizees/registry.h"

/// The subcommands of `l2l`. Each returns the exit code, and throws UsageError or Error. In the requests, "given" means
/// on the command line, and "none" and "empty" say what an absent value means.
namespace l2l {

int list();

struct TrainRequest {
  std::string optimizee, out;
  std::map<std::string, std::string> settings;  // those given, by name
  OptionValues options;  // those given
  int threads = 1;
  bool resume = false, force = false;
  ReferenceWhen reference = ReferenceWhen::automatic;
  bool plan = false;  // only print what the run would need
  int processes = 1;  // that will share it, for the plan
};
int train(const TrainRequest& request);

struct RefineRequest {
  std::string run, out;
  OptionValues options;  // of the functions to refine it on, those given
  std::optional<int> steps;  // none: those of the training
  std::optional<std::uint64_t> seed;  // none: 1 more than the seed of the run
  EvolutionConfig evolution;  // without steps and seed
  ReferenceWhen reference = ReferenceWhen::automatic;
  bool force = false;
};
int refine(const RefineRequest& request);

struct WatchRequest {
  std::vector<std::string> runs;  // folders: of runs, or with runs in them
  std::string host = "127.0.0.1";
  int port = 8321;  // 0: one that is free
};
/// Serves a page with the progress of runs, until it is asked to end.
int watch(const WatchRequest& request);

struct CompareRequest {
  std::string run, label;
  std::string optimizee;  // empty: the one that the run was trained on
  OptionValues options;  // those given
  std::optional<int> steps;  // none: twice the steps of the training
  std::optional<int> tune_steps;  // none: those of the training
  int functions = 64, tune_functions = 32;
  Criterion criterion = Criterion::final;
  std::vector<std::string> also;  // rules beside the four baselines
  std::vector<Schedule> schedules;  // with which all take part besides
  std::string rates;  // a file of tuned learning rates; empty: none
  std::uint64_t seed = 0;
  int threads = 1;
  bool force = false;
};
int compare(const CompareRequest& request);

struct ProbeRequest {
  std::string run;
  std::string optimizee;  // empty: the one that the run was trained on
  OptionValues options;  // those given
  std::vector<int> coordinates;  // empty: they are picked
  std::optional<int> pick;  // none: 3, unless coordinates are given
  std::optional<int> steps;  // none: those of the training
  std::optional<int> sweep_steps;  // none: 32, or all steps if they are fewer
  std::optional<std::pair<double, double>> range;  // none: each coordinate's own
  std::optional<double> adam_rate, sgd_rate;  // none: from the comparison, or tuned
  bool grid = false;  // pictures of all steps swept, as in the paper
  int function = 0;
  std::uint64_t seed = 0;
  int threads = 1;
  bool force = false;
};
int probe(const ProbeRequest& request);

struct WalkRequest {
  std::string run;
  std::string optimizee;  // empty: the one that the run was trained on
  OptionValues options;  // those given
  std::optional<int> steps;  // none: those of the training
  int function = 0, tune_functions = 32;
  Criterion criterion = Criterion::final;
  std::string rates;  // a file of tuned learning rates; empty: none
  int grid = 96;  // points on the x axis at which the loss is computed
  std::optional<int> batches;  // none: 16 for two coordinates, else 1
  bool filter_normalise = false;
  std::uint64_t seed = 0;
  int threads = 1;
  bool force = false;
};
int walk(const WalkRequest& request);

struct FiguresRequest {
  std::string out;
  std::string runs;  // a folder with trained optimizers, each in a folder of its optimizee's name; empty: none
  std::vector<std::string> only;  // optimizees; empty: all
  std::optional<int> epochs;  // of trainings; none: the optimizee's own
  int functions = 64, tune_functions = 32;
  int threads = 1;
};
int figures(const FiguresRequest& request);

struct AblateRequest {
  std::string optimizee, out;
  std::map<std::string, std::string> settings;  // those given; never preprocess, seed and functions
  OptionValues options;  // those given
  int seeds = 3, functions = 64;
  int threads = 1;  // trainings at a time
  bool force = false;
};
int ablate_preprocessing(const AblateRequest& request);

struct DiagnoseRequest {
  std::string run;
  std::optional<int> steps;  // none: those of the training
  std::optional<std::uint64_t> seed;  // none: that of the training, which gives its validation functions
  bool force = false;
};
int diagnose(const DiagnoseRequest& request);

/// What --optimizer says for the one of the run.
inline constexpr const char* kLearned = "learned";

struct StyleRequest {
  std::string run;
  std::vector<std::string> contents, styles;  // files
  std::vector<double> style_weights;  // of the styles; empty: equal
  std::string out;  // empty: CONTENT-STYLE.png
  std::string sheet, preview;  // empty: none
  std::string optimizer = kLearned;  // the run's; or a rule
  std::optional<double> rate;  // of a rule; none: tuned
  std::string rate_of;  // or the compare.json that has it
  std::optional<Schedule> schedule = Schedule::cooldown;  // of each search; none: constant
  OptionValues options;  // of neural_art, those given
  int size = 128, steps = 128, frames = 0;
  std::optional<int> style_size, levels;  // none: that of the content; as many as begin with 64 to 127 pixels
  double strength = 1;
  bool keep_colours = false;
  std::uint64_t seed = 0;
  int threads = 1;
  bool force = false;
};
int style(const StyleRequest& request);

struct MetaGradientRequest {
  std::string run;
  std::vector<int> unrolls;  // empty: those of 1, 5, 10, 20, 50, 100 that divide the steps
  std::optional<int> steps;  // none: those of the training
  std::optional<double> discount;  // none: that of the training
  std::uint64_t seed = 0;
  int threads = 1;
  bool force = false;
};
/// Starts l2l-double for the computation in double.
int meta_gradient(const MetaGradientRequest& request);

}  // namespace l2l
