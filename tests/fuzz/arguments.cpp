// The command line: the flags of each subcommand, and the values of settings and options. Nothing is run.
#include <CLI/CLI.hpp>

#include "examples/l2l/flags.h"
#include "examples/l2l/misuse.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/settings.h"
#include "tests/fuzz/fuzz.h"

namespace l2l::fuzz {
namespace {

/// What the flags fill.
struct Requests {
  TrainRequest train;
  RefineRequest refine;
  CompareRequest compare;
  ProbeRequest probe;
  WalkRequest walk;
  FiguresRequest figures;
  AblateRequest ablate;
  DiagnoseRequest diagnose;
  StyleRequest style;
  MetaGradientRequest meta_gradient;
};

/// The subcommands with their flags.
struct CommandLine {
  CLI::App app{"", "l2l"};
  Requests requests;

  CommandLine() {
    app.require_subcommand(1);
    add_train(app, requests.train);
    add_refine(app, requests.refine);
    add_compare(app, requests.compare);
    add_probe(app, requests.probe);
    add_walk(app, requests.walk);
    add_figures(app, requests.figures);
    add_ablate(app, requests.ablate);
    add_diagnose(app, requests.diagnose);
    add_style(app, requests.style);
    add_meta_gradient(app, requests.meta_gradient);
  }
};

/// Options that would read files, with values that read none.
const OptionValues kNoFiles = {
    {"data", "/dev/null"}, {"content", "/dev/null"}, {"style", "/dev/null"}, {"members", "quadratic"}};

/// What l2l train makes of its flags.
void configure(const TrainRequest& request) {
  const RunConfig config = make_config(request.optimizee, request.settings, request.options);
  const OptimizeeEntry& entry = find_optimizee(config.optimizee);
  OptionValues options = config.options;
  for (const OptimizeeOption& option : entry.options) {
    if (kNoFiles.contains(option.name)) options[option.name] = kNoFiles.at(option.name);
  }
  config.model();
  make_optimizee(entry, options);
}

}  // namespace

/// The input is the arguments, with a zero byte after each: no argument can hold one.
void read(std::string_view bytes) {
  std::vector<std::string> arguments;
  for (std::size_t start = 0; start < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\0', start), bytes.size());
    arguments.emplace_back(bytes.substr(start, end - start));
    start = end + 1;
  }
  std::reverse(arguments.begin(), arguments.end());  // as the parser wants it
  static CommandLine line;  // to make it takes far longer than to parse
  static const Requests defaults = line.requests;
  line.requests = defaults;
  try {
    line.app.parse(arguments);
    const TrainRequest& train = line.requests.train;
    if (!train.optimizee.empty()) configure(train);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) require_good_message(error_line(misuse(line.app, error).what()));  // 0: --help
  } catch (const Error& error) {
    require_good_message(error_line(error.what()));
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> inputs;
  CommandLine line;
  for (const CLI::App* command : line.app.get_subcommands([](CLI::App*) { return true; })) {
    const std::string name = command->get_name() + '\0';
    std::string all = name;
    for (const CLI::Option* option : command->get_options()) {
      const std::string value = option->get_items_expected_max() > 0 ? std::string("1") + '\0' : "";
      if (option->get_name() != "--help") all += option->get_name() + '\0' + value;
    }
    inputs.push_back(all);
  }
  for (const OptimizeeEntry& entry : optimizees()) {
    const RunConfig config = default_config(entry);
    std::string all = std::string("train") + '\0' + "--optimizee" + '\0' + entry.name + '\0';
    for (const Setting& setting : settings()) {
      if (!setting.placeholder.empty()) all += "--" + setting.name + '\0' + setting.get(config) + '\0';
    }
    for (const OptimizeeOption& option : entry.options) all += "--" + option.name + '\0' + option.default_value + '\0';
    inputs.push_back(all);
  }
  return inputs;
}

}  // namespace l2l::fuzz
