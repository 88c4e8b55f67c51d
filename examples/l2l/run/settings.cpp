#include "examples/l2l/run/settings.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "autodiff/error.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/model_settings.h"
#include "examples/l2l/run/option_paths.h"
#include "nn/fits_real.h"
#include "nn/spelling.h"
#include "optim/rules.h"

namespace l2l {
namespace {

/// Without an exponent: 1000000.
std::string bound_text(double x) { return x == std::round(x) ? std::to_string(std::llround(x)) : to_text(x); }

template <class T>
std::string in_words(Range range) {
  const std::string number = std::is_integral_v<T> ? "a whole number " : "a number ";
  const std::string from = number + (range.above ? "above " : "from ") + bound_text(range.low);
  if (std::isfinite(range.high)) return from + (range.above ? ", up to " : " to ") + bound_text(range.high);
  if (std::is_integral_v<T>) {
    return number + "from " + bound_text(range.low) + " to " + std::to_string(std::numeric_limits<T>::max());
  }
  return number + (range.above ? "above " : "of at least ") + bound_text(range.low);
}

bool contains(Range range, double x) { return (range.above ? x > range.low : x >= range.low) && x <= range.high; }

template <class T>
std::string number_text(T x) {
  if constexpr (std::is_same_v<T, double>) {
    return to_text(x);
  } else {
    return std::to_string(x);
  }
}

template <class T>
auto& field(auto& config, T CoordinateConfig::*member) {
  return config.optimizer.*member;
}
template <class T>
auto& field(auto& config, T MetaTrainConfig::*member) {
  return config.training.*member;
}

template <class Part, class T>
Setting number(const std::string& name, T Part::*member, Range range, const std::string& help) {
  const bool unusual = std::isfinite(range.high) && range.high != kCount.high;
  const std::string limits = unusual ? std::string(range.above ? ", above " : ", ") + bound_text(range.low) +
                                           (range.above ? ", up to " : " to ") + bound_text(range.high)
                                     : "";
  return {name, std::is_same_v<T, double> ? "X" : "N", help + limits,
          [=](const RunConfig& config) { return number_text(field(config, member)); },
          [=](RunConfig& config, const std::string& text) {
            field(config, member) = parse_number<T>("--" + name, text, range);
          }};
}

/// RULE:RATE
FixedRule parse_rule(const std::string& flag, const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) throw UsageError(flag, ": '", text, "' is not RULE:RATE, e.g. adam:0.003");
  const std::string name = text.substr(0, colon);
  parse_named(flag, find_rule, name);
  return {name, parse_number<double>(flag + " " + name, text.substr(colon + 1), kPositive)};
}

Setting imitate() {
  std::vector<std::string> words{"none"};
  for (const Rule& rule : rules()) words.push_back(rule.name + ":");
  return {"imitate",
          "RULE:RATE",
          "learn to take the steps of this rule, e.g. adam:0.1; none:\n"
          "learn to make the losses small",
          [](const RunConfig& config) {
            const auto& rule = config.training.imitated;
            return rule ? rule->name + ":" + to_text(rule->learning_rate) : std::string("none");
          },
          [](RunConfig& config, const std::string& text) {
            config.training.imitated.reset();
            if (text != "none") config.training.imitated = parse_rule("--imitate", text);
          },
          {},
          words};
}

/// A group, or GROUP=RULE:RATE.
OptimizerModel::Part parse_part(const std::string& text, const CoordinateConfig& lstm) {
  const std::size_t equals = text.find('=');
  const std::string group = text.substr(0, equals);
  const bool named = !group.empty() && std::all_of(group.begin(), group.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-';
  });
  if (!named) {
    throw UsageError("--groups: '", text, "' is neither a group nor GROUP=RULE:RATE, e.g. fc=adam:0.003");
  }
  if (equals == std::string::npos) return {group, CoordinateModel(lstm)};
  return {group, parse_rule("--groups " + group, text.substr(equals + 1))};
}

OptimizerModel parse_groups(const std::string& text, const CoordinateConfig& lstm) {
  if (lstm.layers + lstm.dense < 1) {
    throw UsageError("--layers 0: give --dense 1 or more, or there is nothing to learn");
  }
  if (text == "all") return CoordinateModel(lstm);
  std::vector<OptimizerModel::Part> parts;
  for (const std::string& part : split(text, ',')) parts.push_back(parse_part(part, lstm));
  return OptimizerModel(std::move(parts));
}

Setting groups() {
  return {"groups", "LIST",
          "all: one LSTM for all parameters; conv,fc: one for each\n"
          "of these groups; fc=adam:0.003: a rule for one of them",
          [](const RunConfig& config) { return config.groups; },
          [](RunConfig& config, const std::string& text) {
            parse_groups(text, config.optimizer);
            config.groups = text;
          }};
}

Setting dense() {
  Setting setting = number("dense", &CoordinateConfig::dense, Range{0, CoordinateConfig::kMaxLayers},
                           "fully connected layers before them; with --layers 0 in their\n"
                           "place: a perceptron, which has no state");
  setting.before = "0";
  return setting;
}

Setting imitation_share() {
  Setting setting = number("imitate-share", &MetaTrainConfig::imitation_share, Range{0, 1, true},
                           "of the trajectories that follow --imitate; the others learn\n"
                           "to make the losses small");
  setting.before = "1";
  return setting;
}

/// "none", "coordinates:R" or "parameters:R"
RandomScale parse_augmentation(const std::string& text) {
  if (text == "none") return {};
  const std::size_t colon = text.find(':');
  const std::string per = text.substr(0, colon);
  if (colon == std::string::npos || (per != "coordinates" && per != "parameters")) {
    throw UsageError("--augment: '", text, "' is not none, coordinates:R or parameters:R, e.g. coordinates:3");
  }
  return {per == "parameters" ? RandomScale::Per::parameter : RandomScale::Per::coordinate,
          parse_number<double>("--augment " + per, text.substr(colon + 1), Range{0, RandomScale::kMaxRange, true})};
}

Setting augment() {
  return {"augment",
          "KIND",
          "multiply each coordinate of what is trained on, or each\n"
          "parameter as a whole, by a random factor from e^-R to e^R, R\n"
          "at most 20; also for l2l refine. none, coordinates:R or\n"
          "parameters:R",
          [](const RunConfig& config) {
            const auto& [per, range] = config.augmentation;
            if (range == 0) return std::string("none");
            return (per == RandomScale::Per::parameter ? "parameters:" : "coordinates:") + to_text(range);
          },
          [](RunConfig& config, const std::string& text) { config.augmentation = parse_augmentation(text); },
          "none",
          {"none", "coordinates:", "parameters:"}};
}

bool parse_switch(const std::string& flag, const std::string& text) {
  if (text != "true" && text != "false") throw UsageError(flag, ": '", text, "' is neither true nor false");
  return text == "true";
}

Setting log_loss() {
  return {
      "log-loss",
      "",
      "make the logarithms of the losses small: those at the end\n"
      "count as much as those at the start",
      [](const RunConfig& config) { return std::string(config.training.log_loss ? "true" : "false"); },
      [](RunConfig& config, const std::string& text) { config.training.log_loss = parse_switch("--log-loss", text); },
      "false"};
}

Setting plain() {
  return {"plain", "", "record the unroll in elementary ops: slower, for comparison",
          [](const RunConfig& config) { return std::string(config.training.fused ? "false" : "true"); },
          [](RunConfig& config, const std::string& text) { config.training.fused = !parse_switch("--plain", text); }};
}

void check(const RunConfig& config) {
  if (config.training.imitation_share < 1 && !config.training.imitated) {
    throw UsageError("--imitate-share ", config.training.imitation_share, ": needs --imitate RULE:RATE");
  }
  if (config.training.log_loss && config.training.imitates_only()) {
    throw UsageError("--log-loss: with --imitate no loss counts; give an --imitate-share below 1 too, or leave it out");
  }
  const int steps = config.training.steps, unroll = config.training.unroll;
  if (steps % unroll != 0) {
    const int below = steps / unroll * unroll;
    throw UsageError("--steps ", steps, " is not a multiple of --unroll ", unroll, ": give --steps ",
                     below > 0 ? below : unroll, ", or an --unroll that divides ", steps);
  }
}

}  // namespace

const std::vector<Setting>& settings() {
  using L = CoordinateConfig;
  using M = MetaTrainConfig;
  static const std::vector<Setting> table = {
      number("epochs", &M::epochs, kCountOrNone,
             "meta-epochs; each follows new functions for --steps steps;\n"
             "0: the optimizer as it begins, for l2l refine"),
      number("steps", &M::steps, kCount, "steps of a trajectory, a multiple of --unroll"),
      number("first-steps", &M::first_steps, kCountOrNone,
             "steps of the first trajectories; grows to --steps during\n"
             "the training; 0: --steps"),
      number("unroll", &M::unroll, kCount, "steps to backpropagate through at a time"),
      number("functions", &M::functions, kCount, "functions whose meta-gradients are averaged"),
      number("lr", &M::learning_rate, kPositive, "learning rate of ADAM on the LSTM's weights"),
      number("final-rate", &M::final_rate, Range{0, 1},
             "where its cosine decay ends, as a fraction of --lr; 1: constant"),
      number("discount", &M::discount, Range{0, 1},
             "factor by which a loss counts less for an update, per step\n"
             "between them; 1: all losses count alike (the paper)"),
      number("clip", &M::clip, kNotNegative, "largest norm of the meta-gradient; 0: no limit"),
      model_setting(),
      number("hidden", &L::hidden, Range{1, L::kMaxHidden}, "units of each layer"),
      number("layers", &L::layers, Range{0, L::kMaxLayers}, "LSTM layers"),
      dense(),
      preprocess_setting(),
      proposal_setting(),
      number("scale", &L::output_scale, kPositive, "factor of what the LSTM proposes"),
      groups(),
      log_loss(),
      imitate(),
      imitation_share(),
      augment(),
      number("validate-every", &M::validate_every, kCount, "meta-epochs from one validation to the next"),
      number("validation-functions", &M::validation_functions, kCount, "functions of a validation"),
      number("validation-steps", &M::validation_steps, kCountOrNone, "steps of a validation; 0: --steps"),
      number("patience", &M::patience, kCountOrNone, "stop after so many validations without a better one; 0: never"),
      number("seed", &M::seed, kNotNegative, "seed of all random numbers"),
      plain(),
  };
  return table;
}

OptimizerModel RunConfig::model() const { return parse_groups(groups, optimizer); }

RunConfig default_config(const OptimizeeEntry& entry) {
  RunConfig config{entry.name, {}, entry.optimizer, entry.groups, entry.training};
  for (const OptimizeeOption& option : entry.options) config.options[option.name] = option.default_value;
  return config;
}

RunConfig make_config(const std::string& optimizee, const std::map<std::string, std::string>& changed,
                      const OptionValues& options) {
  const OptimizeeEntry& entry = find_optimizee(optimizee);
  RunConfig config = default_config(entry);
  for (const auto& [name, value] : absolute_paths(entry, options)) {
    config.options[name] = parse_text("--" + name, value);
  }
  // Defaults go through their text too, as they do when config.json is read.
  for (const Setting& setting : settings()) {
    const auto value = changed.find(setting.name);
    setting.set(config, value == changed.end() ? setting.get(config) : value->second);
  }
  check(config);
  return config;
}

namespace {
/// The last part of a path, as a heading has no room for more.
std::string last_part(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  return end == std::string::npos ? path : path.substr(0, end + 1).substr(path.rfind('/', end) + 1);
}
}  // namespace

std::string family(const std::string& optimizee, const OptionValues& options) {
  std::string text = optimizee;
  for (const OptimizeeOption& option : find_optimizee(optimizee).options) {
    const std::string& value = options.at(option.name);
    const bool always = option.shown == OptimizeeOption::Shown::always;
    if (always || value != option.default_value) text += ", " + option.name + " " + last_part(value);
  }
  return text;
}

std::string learners(const OptimizerModel& model) {
  const auto& parts = model.parts();
  const auto learns = [](const OptimizerModel::Part& part) { return part.model() != nullptr; };
  const auto count = std::ranges::count_if(parts, learns);
  const CoordinateConfig& config = std::ranges::find_if(parts, learns)->model()->config();
  const bool lstm = config.layers > 0;
  const std::string kind = lstm ? "LSTM" : "perceptron", one = (lstm ? "an " : "a ") + kind;
  std::string text = (count == 1 ? one : std::to_string(count) + " " + kind + "s") + " of " +
                     std::to_string(lstm ? config.layers : config.dense) + " x " + std::to_string(config.hidden) +
                     " units";
  if (lstm && config.dense > 0) text += " behind " + std::to_string(config.dense) + " dense";
  return text;
}

template <class T>
T parse_number(const std::string& flag, const std::string& text, Range range) {
  T number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const double x = static_cast<double>(number);
  const bool is_number = stop == end && error != std::errc::invalid_argument && std::isfinite(x);
  const bool out_of_range = error == std::errc::result_out_of_range;
  if (is_number && !std::is_integral_v<T> && (out_of_range || (contains(range, x) && !fits_real(x)))) {
    throw UsageError(flag, ": '", text, "' is too large or too close to 0 for floating point");
  }
  if (!is_number || out_of_range || !contains(range, x)) {
    throw UsageError(flag, ": '", text, "' is not ", in_words<T>(range));
  }
  return number;
}
template int parse_number<int>(const std::string&, const std::string&, Range);
template std::uint64_t parse_number<std::uint64_t>(const std::string&, const std::string&, Range);
template double parse_number<double>(const std::string&, const std::string&, Range);

std::string parse_text(const std::string& flag, const std::string& text) {
  if (const std::string shown = printable(text); shown != text) {  // `shown`, as a message would end at a zero byte
    throw UsageError(flag, ": '", shown, "' must be UTF-8 text without control characters");
  }
  return text;
}

namespace {
std::string shortest_text(auto x) {
  if (std::isnan(x)) return "nan";  // to_chars may write "-nan"
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof(text), x).ptr);
}
}  // namespace

std::string to_text(double x) { return shortest_text(x); }
std::string to_text(float x) { return shortest_text(x); }

}  // namespace l2l
