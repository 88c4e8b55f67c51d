#include "examples/l2l/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <thread>
#include <type_traits>

#include "autodiff/error.h"
#include "examples/l2l/settings.h"

namespace l2l {
namespace {

/// Coordinates of one probe: each is a panel of a picture.
constexpr Range kPanels{1, 16};

/// "(20)", or where the optimizees differ "(quadratic 1000, mnist 500)".
std::string defaults(const Setting& setting) {
  std::string all, first;
  bool equal = true;
  for (const OptimizeeEntry& entry : optimizees()) {
    const std::string value = setting.get({entry.name, {}, entry.optimizer, entry.training});
    if (all.empty()) first = value;
    equal &= value == first;
    all += (all.empty() ? "" : ", ") + entry.name + " " + value;
  }
  return "(" + (equal ? first : all) + ")";
}

/// A flag with a number; `T` is int, std::uint64_t or double, `Target` that or an optional of it.
template <class T, class Target>
void add_number(CLI::App& app, const std::string& flag, Target& target, Range range, const std::string& help) {
  app.add_option_function<std::string>(
         flag, [=, &target](const std::string& text) { target = parse_number<T>(flag, text, range); }, help)
      ->type_name(std::is_integral_v<T> ? "N" : "X");
}

/// The parts of "1,2,3", read by `read(flag with text, part)`.
template <class Read>
void for_each_part(const std::string& flag, const std::string& text, Read read) {
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    read(flag + " " + text, text.substr(start, end - start));
    start = end + 1;
  }
}

/// "3,14": each once.
std::vector<int> parse_coordinates(const std::string& text) {
  std::vector<int> coordinates;
  for_each_part("--coordinates", text, [&](const std::string& flag, const std::string& part) {
    const int k = parse_number<int>(flag, part, Range{0, 2e9});
    if (std::count(coordinates.begin(), coordinates.end(), k) > 0) throw UsageError(flag, ": ", k, " is there twice");
    coordinates.push_back(k);
  });
  if (coordinates.size() > kPanels.high) {
    throw UsageError("--coordinates: ", coordinates.size(), " are given, at most ", kPanels.high, " are drawn");
  }
  return coordinates;
}

/// "LOW,HIGH", or "R" for -R,R.
std::pair<double, double> parse_range(const std::string& text) {
  constexpr Range kAny{-1e9, 1e9};
  std::vector<double> bounds;
  for_each_part("--range", text, [&](const std::string& flag, const std::string& part) {
    bounds.push_back(parse_number<double>(flag, part, kAny));
  });
  if (bounds.size() == 1) bounds.insert(bounds.begin(), -bounds[0]);
  if (bounds.size() != 2 || !(static_cast<Real>(bounds[0]) < static_cast<Real>(bounds[1]))) {
    throw UsageError("--range: '", text, "' is not LOW,HIGH with LOW below HIGH, nor a number R above 0 for -R,R");
  }
  return {bounds[0], bounds[1]};
}

void add_threads(CLI::App& app, int& threads) {
  const unsigned cores = std::thread::hardware_concurrency();
  threads = cores > 0 ? static_cast<int>(cores) : 1;
  add_number<int>(app, "--threads", threads, kThreads,
                  "threads (" + std::to_string(threads) + "); the results do not depend on it");
}

/// The options of all optimizees; each name once, even if several optimizees have it.
void add_optimizee_options(CLI::App& app, OptionValues& values) {
  std::map<std::string, std::string> help;
  std::vector<std::string> order;
  for (const OptimizeeEntry& entry : optimizees()) {
    for (const OptimizeeOption& option : entry.options) {
      std::string& text = help[option.name];
      if (text.empty()) order.push_back(option.name);
      text += (text.empty() ? "" : "\n") + entry.name + ": " + option.help + " (" + option.default_value + ")";
    }
  }
  for (const std::string& name : order) {
    app.add_option_function<std::string>(
           "--" + name, [&values, name](const std::string& value) { values[name] = parse_text("--" + name, value); },
           help[name])
        ->type_name("VALUE")
        ->group("Options of the optimizees");
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
                              : app.add_option_function<std::string>(flag, set, setting.help + " " + defaults(setting))
                                    ->type_name(setting.placeholder);
    option->group("Settings of the training (default)");
  }
}

}  // namespace

CLI::App& add_train(CLI::App& app, TrainRequest& request) {
  CLI::App& train = *app.add_subcommand(
      "train",
      "Train an LSTM optimizer on a family of functions.\n\n"
      "Meta-trains an LSTM that minimises functions of one family, the optimizee. Each meta-epoch draws new "
      "functions,\n"
      "lets the LSTM minimise them for --steps steps, and improves the LSTM's weights by backpropagation through\n"
      "--unroll of these steps at a time. Every --validate-every epochs it is tried on functions kept apart; the\n"
      "weights that did best there are the result. Ctrl-C stops after the current epoch, and --resume goes on.\n\n"
      "Writes DIR/optimizer.safetensors, config.json, train.csv, train.png and checkpoint.safetensors.\n\n"
      "Example: l2l train --optimizee quadratic --out runs/quadratic\n"
      "         l2l train --optimizee mnist --out runs/mnist --epochs 300 --lr 0.01\n");
  train.add_option("--optimizee", request.optimizee, "what to train on; l2l list shows the names")->type_name("NAME");
  train.add_option("--out", request.out, "the folder of the run, made if need be")->type_name("DIR");
  train.add_flag("--plan", request.plan, "only say what it would take: coordinates, memory, time; --out is not needed");
  train.add_flag("--resume", request.resume, "go on with the run in DIR, with its own settings");
  train.add_flag("--force", request.force, "replace the run that DIR holds, and what was compared with it");
  add_threads(train, request.threads);
  add_settings(train, request.settings);
  add_optimizee_options(train, request.options);
  return train;
}

CLI::App& add_compare(CLI::App& app, CompareRequest& request) {
  CLI::App& compare = *app.add_subcommand(
      "compare",
      "Compare a trained optimizer with SGD, NAG, RMSprop and ADAM.\n\n"
      "Tunes the learning rates of the latter four on validation functions, for as many steps as the LSTM\n"
      "was trained for. Then lets all five minimise the same held-out functions, from the same starting points, on "
      "the\n"
      "same minibatches. With another --optimizee, or other options of the same one, it shows how the LSTM\n"
      "generalises; --label keeps the results of several comparisons apart.\n\n"
      "Writes DIR/compare.csv, compare.json and compare.png, with a label compare-LABEL.csv and so on.\n\n"
      "Example: l2l compare --run runs/mnist --criterion sum\n"
      "         l2l compare --run runs/mnist --units 40 --label 40-units\n");
  compare.add_option("--run", request.run, "the folder that l2l train wrote")->type_name("DIR")->required();
  add_number<int>(compare, "--steps", request.steps, kCount, "steps to follow (twice those of the training)");
  add_number<int>(compare, "--functions", request.functions, kCount,
                  "held-out functions (" + std::to_string(request.functions) + ")");
  add_number<int>(compare, "--tune-functions", request.tune_functions, kCount,
                  "validation functions to tune learning rates on (" + std::to_string(request.tune_functions) + ")");
  compare
      .add_option_function<std::string>(
          "--criterion", [&](const std::string& name) { request.criterion = parse_criterion(name); },
          "what they are tuned for: the final loss, or the sum of losses (final)")
      ->type_name("final|sum");
  add_number<std::uint64_t>(compare, "--seed", request.seed, kNotNegative, "seed of the functions (0)");
  add_threads(compare, request.threads);
  compare.add_option("--label", request.label, "a name for this comparison, part of its files' names")
      ->type_name("LABEL");
  compare.add_flag("--force", request.force, "replace an earlier comparison");
  compare.add_option("--optimizee", request.optimizee, "what to compare on (what the run was trained on)")
      ->type_name("NAME");
  add_optimizee_options(compare, request.options);
  return compare;
}

CLI::App& add_probe(CLI::App& app, ProbeRequest& request) {
  CLI::App& probe = *app.add_subcommand(
      "probe",
      "Look inside a trained optimizer: what it proposes, beside SGD and ADAM.\n\n"
      "Follows the LSTM along one held-out function, one of those of l2l compare, and shows for a few coordinates\n"
      "  - the updates that it makes, and those that SGD and ADAM would have made from the same gradients;\n"
      "  - at each of the first steps, what all three would have proposed if the gradient had been another one.\n"
      "These are figures 10 and 11 to 13 of the paper. A table says how the three differ on up to 1000 coordinates.\n"
      "Learning rates are those of DIR/compare.json if it is there, for the same functions; else they are tuned.\n\n"
      "Writes DIR/probe_updates.csv and .png, probe_response.csv, probe_response_COORDINATE.png and probe.json.\n\n"
      "Example: l2l probe --run runs/mnist\n"
      "         l2l probe --run runs/mnist --coordinates 5000,15900 --range 0.01 --force\n");
  probe.add_option("--run", request.run, "the folder that l2l train wrote")->type_name("DIR")->required();
  CLI::Option* coordinates =
      probe
          .add_option_function<std::string>(
              "--coordinates", [&](const std::string& text) { request.coordinates = parse_coordinates(text); },
              "the coordinates of theta to show, from 0 on: 17,4,255")
          ->type_name("I,J,...");
  CLI::Option* pick =
      probe
          .add_option_function<std::string>(
              "--pick", [&](const std::string& text) { request.pick = parse_number<int>("--pick", text, kPanels); },
              "or how many to pick, from the largest gradients to the smallest (3)")
          ->type_name("K");
  coordinates->excludes(pick);
  add_number<int>(probe, "--steps", request.steps, kCount, "steps to follow (those of the training)");
  add_number<int>(probe, "--sweep-steps", request.sweep_steps, Range{0, 64},
                  "steps at which the gradient is swept, from the first on (32); 0: none");
  probe
      .add_option_function<std::string>(
          "--range", [&](const std::string& text) { request.range = parse_range(text); },
          "gradients to sweep; R alone: from -R to R (a bit beyond the largest that the coordinate saw)")
      ->type_name("LOW,HIGH|R");
  add_number<double>(probe, "--adam-rate", request.adam_rate, kPositive,
                     "learning rate of ADAM (of the comparison, or tuned)");
  add_number<double>(probe, "--sgd-rate", request.sgd_rate, kPositive, "and of SGD (likewise)");
  add_number<int>(probe, "--function", request.function, kCountOrNone, "which of the held-out functions (0)");
  add_number<std::uint64_t>(probe, "--seed", request.seed, kNotNegative, "seed of the functions (0)");
  add_threads(probe, request.threads);
  probe.add_flag("--force", request.force, "replace what an earlier probe wrote");
  probe.add_option("--optimizee", request.optimizee, "what to follow it on (what the run was trained on)")
      ->type_name("NAME");
  add_optimizee_options(probe, request.options);
  return probe;
}

CLI::App& add_figures(CLI::App& app, FiguresRequest& request) {
  CLI::App& figures = *app.add_subcommand(
      "figures",
      "Make the paper's figures: learning curves, generalisation, a look inside; and a page with all of them.\n\n"
      "For each optimizee trains an optimizer, compares it with the others (l2l compare) on the functions that it was\n"
      "trained on, to twice the trained steps, and on others, and looks inside (l2l probe). What DIR holds already is\n"
      "used as it is: an interrupted call goes on where it stopped, and --runs takes optimizers trained elsewhere.\n\n"
      "Writes DIR/report.html, one page with the pictures in it, and a run's folder for each optimizee.\n\n"
      "Example: l2l figures --out runs/figures --runs examples/trained\n"
      "         l2l figures --out runs/figures --only quadratic --epochs 300\n");
  figures.add_option("--out", request.out, "the folder for the report and the runs, made if need be")
      ->type_name("DIR")
      ->required();
  figures.add_option("--runs", request.runs, "take trained optimizers from DIR/quadratic, DIR/mnist, …")
      ->type_name("DIR");
  figures.add_option("--only", request.only, "optimizees, with commas between them (all)")
      ->type_name("NAMES")
      ->delimiter(',');
  figures
      .add_option_function<std::string>(
          "--epochs", [&](const std::string& text) { request.epochs = parse_number<int>("--epochs", text, kCount); },
          "meta-epochs of each training (each optimizee's own)")
      ->type_name("N");
  add_number<int>(figures, "--functions", request.functions, kCount,
                  "held-out functions (" + std::to_string(request.functions) + ")");
  add_number<int>(figures, "--tune-functions", request.tune_functions, kCount,
                  "validation functions to tune learning rates on (" + std::to_string(request.tune_functions) + ")");
  add_threads(figures, request.threads);
  return figures;
}

CLI::App& add_ablate(CLI::App& app, AblateRequest& request) {
  CLI::App& ablate = *app.add_subcommand(
      "ablate-preprocessing",
      "Train with each way of preprocessing gradients, and compare.\n\n"
      "Trains LSTM optimizers that see gradients as they are (none), times a constant (rescale:C), and as logarithm\n"
      "and sign (log:10), under one budget and with several seeds: once on the optimizee, and once each on its loss\n"
      "times 0.001 and times 1000, in other units so to speak. C is the best of five at factor 1. Reports the final\n"
      "loss on held-out functions, its spread, and how many trainings failed. A training runs on one thread.\n\n"
      "Writes DIR/ablation.csv, ablation.json, ablation.png and, what the LSTM sees, preprocess.csv and .png.\n\n"
      "Example: l2l ablate-preprocessing --optimizee quadratic --epochs 200 --out runs/ablation\n");
  ablate.add_option("--optimizee", request.optimizee, "what to train on; l2l list shows the names")
      ->type_name("NAME")
      ->required();
  ablate.add_option("--out", request.out, "the folder for the results, made if need be")->type_name("DIR")->required();
  add_number<int>(ablate, "--seeds", request.seeds, kCount,
                  "seeds of each training, 1 to N (" + std::to_string(request.seeds) + ")");
  add_number<int>(ablate, "--functions", request.functions, kCount,
                  "held-out functions (" + std::to_string(request.functions) + ")");
  add_threads(ablate, request.threads);
  ablate.add_flag("--force", request.force, "replace earlier results");
  add_settings(ablate, request.settings, {"preprocess", "seed", "functions"});
  add_optimizee_options(ablate, request.options);
  return ablate;
}

CLI::App& add_diagnose(CLI::App& app, DiagnoseRequest& request) {
  CLI::App& diagnose = *app.add_subcommand(
      "diagnose",
      "Say what may be wrong with a trained optimizer.\n\n"
      "Follows it on four validation functions, looks inside, and reports a line for each of: values that are not\n"
      "finite, a growing loss, a loss that is stuck where a blind guess is, dead updates, saturated gates, gradients\n"
      "that the preprocessing clips, a growing LSTM state; and what DIR/train.csv says of the training.\n\n"
      "Writes DIR/diagnose.json and diagnose.png.\n\n"
      "Example: l2l diagnose --run runs/mnist\n");
  diagnose.add_option("--run", request.run, "the folder that l2l train wrote")->type_name("DIR")->required();
  add_number<int>(diagnose, "--steps", request.steps, kCount, "steps to follow (those of the training)");
  add_number<std::uint64_t>(diagnose, "--seed", request.seed, kNotNegative,
                            "seed of the functions (that of the training: those that it validated on)");
  diagnose.add_flag("--force", request.force, "replace an earlier diagnosis");
  return diagnose;
}

CLI::App& add_meta_gradient(CLI::App& app, MetaGradientRequest& request) {
  CLI::App& meta_gradient = *app.add_subcommand(
      "meta-gradient",
      "Measure what the training's shortcuts do to its gradient.\n\n"
      "Training takes the gradients that the LSTM sees as constants, and backpropagates through --unroll steps at a\n"
      "time. This follows one trajectory of the trained optimizer on a function of the training split, and compares,\n"
      "for several lengths of the unroll and without truncation, that gradient of the summed loss with the full one,\n"
      "in which the gradients respond to theta. It works in double precision, in a program l2l-double beside this "
      "one.\n"
      "Memory grows with the root of --steps: some 60 kB for each coordinate at 100 steps (1.1 GB for mnist).\n\n"
      "Writes DIR/meta_gradient.csv, meta_gradient.json and meta_gradient.png.\n\n"
      "Example: l2l meta-gradient --run runs/mnist --unrolls 1,5,20\n");
  meta_gradient.add_option("--run", request.run, "the folder that l2l train wrote")->type_name("DIR")->required();
  meta_gradient
      .add_option_function<std::string>(
          "--unrolls",
          [&](const std::string& list) {
            std::istringstream items(list + ",");
            for (std::string item; std::getline(items, item, ',');) {
              request.unrolls.push_back(parse_number<int>("--unrolls " + list, item, kCount));
            }
          },
          "lengths of an unroll, each a divisor of --steps (those of 1,5,10,20,50,100)")
      ->type_name("N,N,...");
  add_number<int>(meta_gradient, "--steps", request.steps, kCount, "steps of the trajectory (those of the training)");
  add_number<std::uint64_t>(meta_gradient, "--seed", request.seed, kNotNegative,
                            "seed of the function, the starting point and the minibatches (0)");
  add_threads(meta_gradient, request.threads);
  meta_gradient.add_flag("--force", request.force, "replace an earlier measurement");
  return meta_gradient;
}

}  // namespace l2l
