#include "examples/l2l/flags.h"

#include <CLI/CLI.hpp>
#include <thread>

#include "autodiff/error.h"
#include "examples/l2l/settings.h"

namespace l2l {
namespace {

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

/// A flag with a number; `T` is int or std::uint64_t, `Target` that or an optional of it.
template <class T, class Target>
void add_number(CLI::App& app, const std::string& flag, Target& target, Range range, const std::string& help) {
  app.add_option_function<std::string>(
         flag, [=, &target](const std::string& text) { target = parse_number<T>(flag, text, range); }, help)
      ->type_name("N");
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

}  // namespace

void add_train(CLI::App& app, TrainRequest& request) {
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
  for (const Setting& setting : settings()) {
    const std::string flag = "--" + setting.name;
    const auto set = [&request, name = setting.name](const std::string& value) { request.settings[name] = value; };
    CLI::Option* option =
        setting.placeholder.empty()
            ? train.add_flag_callback(
                  flag, [set] { set("true"); }, setting.help)
            : train.add_option_function<std::string>(flag, set, setting.help + " " + defaults(setting))
                  ->type_name(setting.placeholder);
    option->group("Settings of the training (default)");
  }
  add_optimizee_options(train, request.options);
}

void add_compare(CLI::App& app, CompareRequest& request) {
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
}

}  // namespace l2l
