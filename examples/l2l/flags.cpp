#include "examples/l2l/flags.h"

#include <omp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <type_traits>

#include "autodiff/error.h"
#include "examples/l2l/described.h"
#include "examples/l2l/descriptions.h"
#include "examples/l2l/lists.h"
#include "examples/l2l/report/figures.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/run/settings.h"
#include "nn/spelling.h"
#include "optim/rules.h"
#include "optim/schedule.h"

namespace l2l {
namespace {

const char* const kOptimizeeHelp = "what to train on; l2l list shows the names";

/// A setting's default: "(20)", or "(quadratic 1000, mnist 500)" if optimizees differ.
std::string defaults(const Setting& setting) {
  std::string all, first;
  bool equal = true;
  for (const OptimizeeEntry& entry : optimizees()) {
    const std::string value = setting.get(default_config(entry));
    if (all.empty()) first = value;
    equal &= value == first;
    all += (all.empty() ? "" : ", ") + entry.name + " " + value;
  }
  return "(" + (equal ? first : all) + ")";
}

/// `--out --force` lacks its folder. A folder of that name can be given as ./--force.
void check_value(const std::string& flag, const std::string& type, const std::string& value) {
  if (value.starts_with("--")) throw UsageError(flag, " is without its value ", type, ": '", value, "' is a flag");
}

/// A flag whose value is passed to `read`.
template <class Read>
CLI::Option* add_parsed(CLI::App& app, const std::string& flag, const std::string& type, Read read,
                        const std::string& help) {
  const auto checked = [=](const std::string& value) {
    check_value(flag, type, value);
    read(value);
  };
  return app.add_option_function<std::string>(flag, checked, help)->type_name(type);
}

/// A flag with a number; `T` is int, std::uint64_t or double, `Target` that or an optional of it.
template <class T, class Target>
void add_number(CLI::App& app, const std::string& flag, Target& target, Range range, const std::string& help) {
  add_parsed(
      app, flag, std::is_integral_v<T> ? "N" : "X",
      [=, &target](const std::string& text) { target = parse_number<T>(flag, text, range); }, help);
}

/// An empty text is refused: often it is a variable that is not set, and it would look like a flag that is not given.
CLI::Option* add_text(CLI::App& app, const std::string& flag, std::string& target, const std::string& type,
                      const std::string& help) {
  const auto read = [flag, type, &target](const std::string& text) {
    if (text.empty()) throw UsageError(flag, " is empty: it takes a ", type);
    target = parse_text(flag, text);
  };
  return add_parsed(app, flag, type, read, help);
}

/// A flag with several texts.
CLI::Option* add_texts(CLI::App& app, const std::string& flag, std::vector<std::string>& target,
                       const std::string& type, const std::string& help) {
  return app.add_option(flag, target, help)->type_name(type)->each([=](const std::string& text) {
    check_value(flag, type, text);
    parse_text(flag, text);
  });
}

/// A schedule, or none.
std::optional<Schedule> parse_optional_schedule(const std::string& name) {
  if (name == "none") return std::nullopt;
  return parse_named("--schedule", parse_schedule, name);
}

/// Schedules, each once, separated by commas; or none.
std::vector<Schedule> parse_schedules(const std::string& text) {
  std::vector<Schedule> schedules;
  if (text == "none") return schedules;
  for (const std::string& name : split(text, ',')) {
    const Schedule schedule = parse_schedule(name);
    if (std::ranges::find(schedules, schedule) != schedules.end()) throw UsageError("'", name, "' is there twice");
    schedules.push_back(schedule);
  }
  return schedules;
}

// ---- What shells offer ----------------------------------------------------------------------------------------

std::vector<std::string> names_of(const auto& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.push_back(row.name);
  return names;
}

std::vector<std::string> schedules_or_none() {
  std::vector<std::string> names;
  for (const Schedule schedule : kSchedules) names.emplace_back(name_of(schedule));
  names.push_back("none");
  return names;
}

/// The rules that compare does not have anyway.
std::vector<std::string> other_rules() {
  std::vector<std::string> names = names_of(rules());
  for (const char* const baseline : kBaselines) std::erase(names, baseline);
  return names;
}

Offer offer_of(const OptimizeeOption& option) {
  using Kind = OptimizeeOption::Kind;
  if (option.kind == Kind::path) return {Offer::Kind::files, {}};
  if (option.kind == Kind::members) {  // one that has members cannot be one
    std::vector<OptimizeeEntry> entries = optimizees();
    std::erase_if(entries, [](const OptimizeeEntry& entry) {
      return std::ranges::any_of(entry.options, [](const OptimizeeOption& o) { return o.kind == Kind::members; });
    });
    return {Offer::Kind::list, names_of(entries)};
  }
  return {option.words.empty() ? Offer::Kind::text : Offer::Kind::word, option.words};
}

// ---- Flags that several subcommands have ----------------------------------------------------------------------

/// A flag with the name of an optimizee.
CLI::Option* add_optimizee(CLI::App& app, std::string& target, const std::string& help) {
  const std::string flag = "--optimizee";
  CLI::Option* const option = add_parsed(
      app, flag, "NAME",
      [flag, &target](const std::string& name) { target = parse_named(flag, find_optimizee, name).name; }, help);
  set_offer(option, {Offer::Kind::word, names_of(optimizees())});
  return option;
}

void add_run(CLI::App& app, std::string& run) {
  add_text(app, "--run", run, "DIR", "the folder that l2l train wrote")->required();
}

void add_steps(CLI::App& app, std::optional<int>& steps, const std::string& help) {
  add_number<int>(app, "--steps", steps, kCount, help);
}

/// seed: a std::uint64_t or an optional of it
void add_seed(CLI::App& app, auto& seed, const std::string& help = "seed of the functions (0)") {
  add_number<std::uint64_t>(app, "--seed", seed, kNotNegative, help);
}

void add_functions(CLI::App& app, int& functions) {
  add_number<int>(app, "--functions", functions, kCount, "held-out functions (" + std::to_string(functions) + ")");
}

void add_tune_functions(CLI::App& app, int& functions) {
  add_number<int>(app, "--tune-functions", functions, kCount,
                  "validation functions to tune learning rates on (" + std::to_string(functions) + ")");
}

void add_criterion(CLI::App& app, Criterion& criterion) {
  add_parsed(
      app, "--criterion", "final|sum",
      [&](const std::string& name) { criterion = parse_named("--criterion", parse_criterion, name); },
      "what learning rates are tuned for: the final loss, or the sum of losses (final)");
}

void add_rates(CLI::App& app, std::string& rates) {
  add_text(app, "--rates", rates, "FILE",
           "keep tuned learning rates in this file, and take from it those that were\ntuned before in the same way");
}

void add_threads(CLI::App& app, int& threads) {
  threads = std::clamp(omp_get_max_threads(), 1, static_cast<int>(kThreads.high));
  add_number<int>(app, "--threads", threads, kThreads,
                  "threads (" + std::to_string(threads) +
                      ": OMP_NUM_THREADS, or the processors that this process\nmay use); results do not depend on it");
}

void add_reference(CLI::App& app, ReferenceWhen& when) {
  CLI::Option* const option = add_parsed(
      app, "--reference", "WHEN",
      [&](const std::string& text) { when = parse_named("--reference", parse_reference_when, text); },
      "tune ADAM on the validation functions, to show what there is to beat: auto (if that\n"
      "takes at most " +
          to_text(100 * kReferenceShare) + "% of the time), always, never (auto)");
  set_offer(option, {Offer::Kind::word, {"auto", "always", "never"}});
}

/// The options of all optimizees, or only of `only`. A name that several have is one flag.
void add_optimizee_options(CLI::App& app, OptionValues& values, const std::string& only = "",
                           const std::vector<std::string>& without = {}) {
  std::map<std::string, std::string> help;
  std::map<std::string, Offer> offers;
  std::vector<std::string> order;
  for (const OptimizeeEntry& entry : optimizees()) {
    if (!only.empty() && entry.name != only) continue;
    for (const OptimizeeOption& option : entry.options) {
      if (std::find(without.begin(), without.end(), option.name) != without.end()) continue;
      std::string& text = help[option.name];
      if (text.empty()) order.push_back(option.name);
      if (const Offer offer = offer_of(option); offer.kind != Offer::Kind::text) offers[option.name] = offer;
      text += (text.empty() ? "" : "\n") + entry.name + ": " + option.help + " (" + option.default_value + ")";
    }
  }
  for (const std::string& name : order) {
    CLI::Option* const option = add_parsed(
        app, "--" + name, "VALUE",
        [&values, name](const std::string& value) { values[name] = parse_text("--" + name, value); }, help[name]);
    option->group("Options of the optimizees");
    set_offer(option, offers[name]);
  }
}

/// A flag for each setting of a training.
void add_settings(CLI::App& app, std::map<std::string, std::string>& values,
                  const std::vector<std::string>& without = {}) {
  for (const Setting& setting : settings()) {
    if (std::find(without.begin(), without.end(), setting.name) != without.end()) continue;
    const std::string flag = "--" + setting.name;
    const auto set = [&values, name = setting.name](const std::string& value) { values[name] = value; };
    CLI::Option* option = setting.placeholder.empty()
                              ? app.add_flag_callback(
                                    flag, [set] { set("true"); }, setting.help)
                              : add_parsed(app, flag, setting.placeholder, set, setting.help + " " + defaults(setting));
    option->group("Settings of the training (default)");
    if (!setting.words.empty()) set_offer(option, {Offer::Kind::word, setting.words});
  }
}

/// Flags for another optimizee than that of the training, and for other options.
void add_other_optimizee(CLI::App& app, const std::string& what, std::string& optimizee, OptionValues& options) {
  add_optimizee(app, optimizee, "what to " + what + " on (what the run was trained on)");
  add_optimizee_options(app, options);
}

}  // namespace

CLI::App& add_train(CLI::App& app, TrainRequest& request) {
  CLI::App& train = *app.add_subcommand("train", description::kTrain);
  add_optimizee(train, request.optimizee, kOptimizeeHelp);
  add_text(train, "--out", request.out, "DIR", "the folder of the run, created if missing");
  train.add_flag("--plan", request.plan,
                 "only print what it would need: coordinates, memory, time; --out may be missing");
  add_number<int>(train, "-n,--processes", request.processes, kCount,
                  "with --plan: how many processes will share the work (1); the plan is for each of them");
  train.add_flag("--resume", request.resume, "continue the run in DIR, with its own settings");
  train.add_flag("--force", request.force, "replace the run in DIR and all results about it");
  add_reference(train, request.reference);
  add_threads(train, request.threads);
  add_settings(train, request.settings);
  add_optimizee_options(train, request.options);
  return train;
}

CLI::App& add_refine(CLI::App& app, RefineRequest& request) {
  CLI::App& refine = *app.add_subcommand("refine", description::kRefine);
  EvolutionConfig& evolution = request.evolution;
  const auto count = [&](const std::string& flag, int& target, const std::string& help) {
    add_number<int>(refine, flag, target, kCount, help + " (" + std::to_string(target) + ")");
  };
  const auto positive = [&](const std::string& flag, double& target, const std::string& help) {
    add_number<double>(refine, flag, target, kPositive, help + " (" + to_text(target) + ")");
  };
  add_run(refine, request.run);
  add_text(refine, "--out", request.out, "DIR", "the folder of the refined run, created if missing")->required();
  count("--iterations", evolution.iterations, "steps on the weights");
  count("--pairs", evolution.pairs, "perturbations in an iteration, each with both signs");
  positive("--deviation", evolution.deviation, "standard deviation of a perturbation, for each weight");
  refine.add_flag("--all-weights", evolution.all_weights,
                  "perturb all weights, not only biases and the output layer: for small optimizers");
  positive("--lr", evolution.learning_rate, "learning rate of ADAM on the weights, at the start");
  add_steps(refine, request.steps, "steps of a trajectory (as many as it was trained for)");
  count("--last", evolution.last, "take the mean of so many last losses, in validations too");
  add_number<int>(refine, "--window", evolution.window, kCountOrNone,
                  "minimise the losses of so many steps after another, with an update of the\nweights after each; 0: "
                  "the end of whole trajectories (" +
                      std::to_string(evolution.window) + ")");
  add_number<int>(refine, "--shortest", evolution.shortest, kCountOrNone,
                  "with --window: trajectories end log-uniformly between so many steps and --steps,\nand validations "
                  "look at all lengths between; 0: all at --steps (" +
                      std::to_string(evolution.shortest) + ")");
  count("--validate-every", evolution.validate_every, "iterations from one validation to the next");
  count("--validation-functions", evolution.validation_functions, "functions of a validation");
  add_seed(refine, request.seed, "seed of all random numbers (1 more than the seed of the run)");
  add_threads(refine, evolution.threads);
  refine.add_flag("--force", request.force, "replace the run in DIR");
  add_reference(refine, request.reference);
  add_optimizee_options(refine, request.options);
  return refine;
}

CLI::App& add_watch(CLI::App& app, WatchRequest& request) {
  CLI::App& watch = *app.add_subcommand("watch", description::kWatch);
  add_texts(watch, "--run", request.runs, "DIR", "the folder of a run, or one with runs in it; also several")
      ->required();
  add_number<int>(watch, "--port", request.port, Range{0, 65535},
                  "of the page (" + std::to_string(request.port) + "); 0: any that is free");
  add_text(watch, "--host", request.host, "ADDRESS",
           "where it is served (" + request.host + ": to this computer only); 0.0.0.0: to all\nwho reach it");
  return watch;
}

CLI::App& add_compare(CLI::App& app, CompareRequest& request) {
  CLI::App& compare = *app.add_subcommand("compare", description::kCompare);
  add_run(compare, request.run);
  add_steps(compare, request.steps, "steps to follow (twice as many as it was trained for)");
  add_functions(compare, request.functions);
  add_tune_functions(compare, request.tune_functions);
  add_number<int>(compare, "--tune-steps", request.tune_steps, kCount,
                  "steps to tune learning rates for (as many as it was trained for)");
  add_criterion(compare, request.criterion);
  CLI::Option* const schedule = add_parsed(
      compare, "--schedule", "LIST",
      [&](const std::string& text) { request.schedules = parse_named("--schedule", parse_schedules, text); },
      "all once more, with steps that shrink, in ways separated by commas: cosine: to 0 over\n"
      "--tune-steps; cooldown: to 0 over their last quarter; sqrt: as 1/sqrt(step); the rules\n"
      "are tuned for it (none)");
  set_offer(schedule, {Offer::Kind::list, schedules_or_none()});
  CLI::Option* const also = add_texts(compare, "--also", request.also, "RULES",
                                      "rules to compare with besides, separated by commas: muon,\n"
                                      "muon-growing, momentum");
  set_offer(also->delimiter(','), {Offer::Kind::list, other_rules()});
  add_rates(compare, request.rates);
  add_seed(compare, request.seed);
  add_threads(compare, request.threads);
  add_text(compare, "--label", request.label, "LABEL", "a name for this comparison, used in its file names");
  compare.add_flag("--force", request.force, "replace an earlier comparison");
  add_other_optimizee(compare, "compare", request.optimizee, request.options);
  return compare;
}

CLI::App& add_probe(CLI::App& app, ProbeRequest& request) {
  CLI::App& probe = *app.add_subcommand("probe", description::kProbe);
  add_run(probe, request.run);
  CLI::Option* coordinates = add_parsed(
      probe, "--coordinates", "I,J,...",
      [&](const std::string& text) { request.coordinates = parse_coordinates(text); },
      "the coordinates of theta to show, counted from 0, e.g. 17,4,255");
  add_parsed(
      probe, "--pick", "K", [&](const std::string& text) { request.pick = parse_number<int>("--pick", text, kPanels); },
      "or how many to pick, spread from the largest gradients to the smallest (3)")
      ->excludes(coordinates);
  add_steps(probe, request.steps, "steps to follow (as many as it was trained for)");
  add_number<int>(probe, "--sweep-steps", request.sweep_steps, Range{0, 64},
                  "at how many steps, from the first, the gradient is swept (32); 0: none");
  add_parsed(
      probe, "--range", "LOW,HIGH|R", [&](const std::string& text) { request.range = parse_range(text); },
      "gradients to sweep; R alone: from -R to R (slightly beyond the largest that the coordinate had)");
  probe.add_flag(
      "--grid", request.grid,
      "draw every step swept as a small panel, as the paper does (steps 1, 2, 4, 8, 16 and 32, as large ones)");
  add_number<double>(probe, "--adam-rate", request.adam_rate, kPositive,
                     "learning rate of ADAM (from the comparison, or tuned)");
  add_number<double>(probe, "--sgd-rate", request.sgd_rate, kPositive,
                     "learning rate of SGD (from the comparison, or tuned)");
  add_number<int>(probe, "--function", request.function, kCountOrNone, "which of the held-out functions (0)");
  add_seed(probe, request.seed);
  add_threads(probe, request.threads);
  probe.add_flag("--force", request.force, "replace what an earlier probe wrote");
  add_other_optimizee(probe, "follow it", request.optimizee, request.options);
  return probe;
}

CLI::App& add_walk(CLI::App& app, WalkRequest& request) {
  CLI::App& walk = *app.add_subcommand("walk", description::kWalk);
  add_run(walk, request.run);
  add_number<int>(walk, "--function", request.function, kCountOrNone, "which of the held-out functions (0)");
  add_seed(walk, request.seed);
  add_steps(walk, request.steps, "steps to follow, and to tune learning rates for (as many as it was trained for)");
  add_tune_functions(walk, request.tune_functions);
  add_criterion(walk, request.criterion);
  add_rates(walk, request.rates);
  add_number<int>(walk, "--grid", request.grid, Range{2, 1000},
                  "points on the x axis at which the loss is computed, three quarters of it on the\ny axis (" +
                      std::to_string(request.grid) + ")");
  add_number<int>(walk, "--batches", request.batches, Range{1, 1000},
                  "minibatches that the contour lines are the mean loss of: the first that the\noptimizers meet (16 "
                  "for functions of two coordinates, else 1)");
  walk.add_flag("--filter-normalise", request.filter_normalise,
                "of a network: scale each filter of the plane's directions to its norm at the start");
  add_threads(walk, request.threads);
  walk.add_flag("--force", request.force, "replace an earlier walk");
  add_other_optimizee(walk, "walk", request.optimizee, request.options);
  return walk;
}

CLI::App& add_figures(CLI::App& app, FiguresRequest& request) {
  CLI::App& figures = *app.add_subcommand("figures", description::kFigures);
  add_text(figures, "--out", request.out, "DIR", "the folder for the report and the runs, created if missing")
      ->required();
  add_text(figures, "--runs", request.runs, "DIR", "take trained optimizers from DIR/quadratic, DIR/mnist, …");
  CLI::Option* const only =
      add_texts(figures, "--only", request.only, "NAMES", "optimizees, separated by commas (all)")->delimiter(',');
  set_offer(only, {Offer::Kind::list, figure_optimizees()});
  add_number<int>(figures, "--epochs", request.epochs, kCount, "meta-epochs of each training (each optimizee's own)");
  add_functions(figures, request.functions);
  add_tune_functions(figures, request.tune_functions);
  add_threads(figures, request.threads);
  return figures;
}

CLI::App& add_ablate(CLI::App& app, AblateRequest& request) {
  CLI::App& ablate = *app.add_subcommand("ablate-preprocessing", description::kAblate);
  add_optimizee(ablate, request.optimizee, kOptimizeeHelp)->required();
  add_text(ablate, "--out", request.out, "DIR", "the folder for the results, created if missing")->required();
  add_number<int>(ablate, "--seeds", request.seeds, kCount,
                  "seeds of each training, 1 to N (" + std::to_string(request.seeds) + ")");
  add_functions(ablate, request.functions);
  add_threads(ablate, request.threads);
  ablate.add_flag("--force", request.force, "replace earlier results");
  add_settings(ablate, request.settings, {"preprocess", "seed", "functions"});
  add_optimizee_options(ablate, request.options);
  return ablate;
}

CLI::App& add_diagnose(CLI::App& app, DiagnoseRequest& request) {
  CLI::App& diagnose = *app.add_subcommand("diagnose", description::kDiagnose);
  add_run(diagnose, request.run);
  add_steps(diagnose, request.steps, "steps to follow (as many as it was trained for)");
  add_seed(diagnose, request.seed, "seed of the functions (as in the training: its validation functions)");
  diagnose.add_flag("--force", request.force, "replace an earlier diagnosis");
  return diagnose;
}

CLI::App& add_style(CLI::App& app, StyleRequest& request) {
  CLI::App& style = *app.add_subcommand("style", description::kStyle);
  add_run(style, request.run);
  add_texts(style, "--content", request.contents, "FILE ...", "the picture, or pictures, whose shapes to keep")
      ->required();
  add_texts(style, "--style", request.styles, "FILE ...", "the picture, or pictures, whose colours and textures to use")
      ->required();
  add_parsed(
      style, "--style-weights", "W,W,...",
      [&](const std::string& text) { request.style_weights = parse_style_weights(text); },
      "how much each style counts (equal)");
  add_text(style, "--out", request.out, "FILE",
           "the result, a PNG (CONTENT-STYLE.png); for several contents a folder (the current one)");
  add_number<int>(style, "--size", request.size, Range{16, 4096},
                  "pixels of the shorter side (" + std::to_string(request.size) + ")");
  add_number<int>(style, "--style-size", request.style_size, Range{16, 4096},
                  "pixels of the styles' shorter side: less makes finer textures (--size)");
  add_number<double>(style, "--strength", request.strength, Range{0, 1}, "of the style: 0 keeps the content's own (1)");
  style.add_flag("--keep-colours", request.keep_colours, "take only light and dark from the style");
  add_number<int>(style, "--levels", request.levels, kCount,
                  "searches, each for twice as many pixels of the shorter side as the one before;\n1 begins with "
                  "--size at once (as many as begin with 64 to 127 pixels)");
  add_number<int>(style, "--steps", request.steps, kCount,
                  "steps of each search (" + std::to_string(request.steps) + ")");
  add_number<int>(style, "--frames", request.frames, kCountOrNone,
                  "pictures of the search, at equal intervals; all but the last\nhave their step in their name (0)");
  add_text(style, "--sheet", request.sheet, "FILE",
           "a PNG that shows each content, its frames and result, and the style");
  add_text(style, "--preview", request.preview, "FILE", "a PNG of the search as it is, replaced every few seconds");
  std::vector<std::string> optimizers = names_of(rules());
  optimizers.insert(optimizers.begin(), kLearned);
  set_offer(add_text(style, "--optimizer", request.optimizer, "NAME",
                     "learned: the one of the run; or sgd, momentum, nag, rmsprop, adam (learned)"),
            {Offer::Kind::word, optimizers});
  add_number<double>(style, "--rate", request.rate, kPositive, "the rule's learning rate (tuned on the same picture)");
  add_text(style, "--rate-of", request.rate_of, "FILE",
           "or a compare.json to take the learning rate from: the one without a schedule")
      ->excludes("--rate");
  CLI::Option* const schedule = add_parsed(
      style, "--schedule", "NAME", [&](const std::string& name) { request.schedule = parse_optional_schedule(name); },
      "how the steps of each search shrink: cosine, cooldown (to 0 over the last quarter),\nsqrt, or none (cooldown)");
  set_offer(schedule, {Offer::Kind::word, schedules_or_none()});
  add_seed(style, request.seed, "seed of the noise that the search starts from (0)");
  add_threads(style, request.threads);
  style.add_flag("--force", request.force, "replace existing pictures");
  add_optimizee_options(style, request.options, "neural_art", {"content", "style", "size"});
  return style;
}

CLI::App& add_meta_gradient(CLI::App& app, MetaGradientRequest& request) {
  CLI::App& meta_gradient = *app.add_subcommand("meta-gradient", description::kMetaGradient);
  add_run(meta_gradient, request.run);
  add_parsed(
      meta_gradient, "--unrolls", "N,N,...", [&](const std::string& text) { request.unrolls = parse_unrolls(text); },
      "lengths of an unroll, each a divisor of --steps (the divisors among 1,5,10,20,50,100)");
  add_steps(meta_gradient, request.steps, "steps of the trajectory (as in the training)");
  add_number<double>(meta_gradient, "--discount", request.discount, Range{0, 1},
                     "factor by which a loss counts less for an update, per step between (as in the training)");
  add_seed(meta_gradient, request.seed, "seed of the function, the starting point and the minibatches (0)");
  add_threads(meta_gradient, request.threads);
  meta_gradient.add_flag("--force", request.force, "replace an earlier measurement");
  return meta_gradient;
}

}  // namespace l2l
