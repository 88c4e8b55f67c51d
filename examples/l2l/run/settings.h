#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "autodiff/error.h"
#include "optim/meta/meta_train.h"
#include "optimizees/registry.h"
#include "optimizees/scaled.h"

namespace l2l {

/// All that determines a training run: the content of config.json. (Results do not depend on the number of threads.)
struct RunConfig {
  std::string optimizee;
  OptionValues options;  // of the optimizee, defaults included
  CoordinateConfig optimizer;  // of every LSTM
  std::string groups;  // which optimizer updates which group of parameters, see `model`
  MetaTrainConfig training;
  RandomScale augmentation = {};  // of the functions to train on, here and by l2l refine

  /// "all": one LSTM for all parameters; "conv,fc": one for each of these groups; "conv,fc=adam:0.003": an LSTM for the
  /// first and a rule for the second.
  OptimizerModel model() const;
  /// Steps of the training's longest trajectories; 0 if there is no training.
  int trained_steps() const { return training.epochs == 0 ? 0 : training.steps; }
  /// For how many steps an optimizer is tried that was trained for so many (RunFolder::trained_steps).
  int horizon(int trained) const { return trained > 0 ? trained : training.steps; }
};

/// A setting of a run: `--epochs 500` on the command line and "epochs": 500 in config.json.
struct Setting {
  std::string name;
  std::string placeholder;  // for the value in --help: N, X, NAME; empty: a switch
  std::string help;
  std::function<std::string(const RunConfig&)> get;
  std::function<void(RunConfig&, const std::string&)> set;  // a UsageError names the flag, the value and the remedy
  std::string before = {};  // its value in a config.json that is older than the setting; empty: all have it
  std::vector<std::string> words = {};  // that shells offer for it; after one that ends with ':' there is more to type
};

/// The table of settings, in the order of --help.
const std::vector<Setting>& settings();

/// What the registry says about an optimizee, as a configuration.
RunConfig default_config(const OptimizeeEntry& entry);
/// The same with some settings and options changed. Paths become absolute, see `absolute_paths`.
RunConfig make_config(const std::string& optimizee, const std::map<std::string, std::string>& changed,
                      const OptionValues& options);

/// An optimizee with the options that differ from the defaults or are always shown: "mnist, units 40".
std::string family(const std::string& optimizee, const OptionValues& options);

/// What learns: "an LSTM of 2 x 20 units", "2 LSTMs of 2 x 20 units", "a perceptron of 2 x 8 units"
std::string learners(const OptimizerModel& model);

/// `parse(text)`, with the flag added to its UsageErrors.
template <class Parse>
auto parse_named(const std::string& flag, Parse parse, const std::string& text) {
  try {
    return parse(text);
  } catch (const UsageError& error) {
    throw UsageError(flag, ": ", error.what());
  }
}

/// The numbers that a setting accepts: from `low` (included, or not if `above`) to `high`.
struct Range {
  double low, high;
  bool above = false;
};
/// Counts are limited, so that sums and small multiples of them do not overflow an int.
inline constexpr Range kCount{1, 1e6}, kCountOrNone{0, 1e6}, kThreads{1, 1024};
/// Coordinates of one probe: each is a panel of a picture.
inline constexpr Range kPanels{1, 16};
inline constexpr Range kNotNegative{0, std::numeric_limits<double>::infinity()};
inline constexpr Range kPositive{0, std::numeric_limits<double>::infinity(), true};

/// The number in `text`, in any locale. Throws a UsageError that begins with `flag` if it is not a number, out of
/// range, or too large or too small for a Real. T: int, std::uint64_t or double.
template <class T>
T parse_number(const std::string& flag, const std::string& text, Range range);
/// `text` itself. Throws a UsageError that begins with `flag` if it is not `printable`, and so not fit for a JSON file
/// or a heading.
std::string parse_text(const std::string& flag, const std::string& text);

/// The shortest text that reads back as the same number, in any locale; may be "inf" or "nan".
std::string to_text(double x);
std::string to_text(float x);

}  // namespace l2l
