#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/error.h"
#include "optim/function.h"
#include "optim/meta/meta_train.h"

namespace l2l {

/// A setting of an optimizee, as a command line offers it: `--units 20`.
struct OptimizeeOption {
  /// Paths are relative to the folder that a command is called in; but a default may be a name that stands for no file.
  /// Members are other optimizees with options of theirs, among which may be paths.
  enum class Kind { word, path, members };
  /// In the name of a family: where it is not the default, or always, for what nobody should mistake.
  enum class Shown { if_changed, always };

  std::string name;
  std::string default_value;
  std::string help;
  Kind kind = Kind::word;
  Shown shown = Shown::if_changed;
  std::vector<std::string> words = {};  // all there are, if they are few; empty: any
};
/// Something wrong with an option's value. The message begins with the option's name; a command line puts its dashes
/// before it.
class OptionError : public UsageError {
 public:
  using UsageError::UsageError;
};
/// Settings by name; those not given have their defaults.
using OptionValues = std::map<std::string, std::string>;

/// One row of the table of optimizees.
struct OptimizeeEntry {
  std::string name;
  std::string summary;  // one line
  std::vector<OptimizeeOption> options;
  Family (*make)(const OptionValues&);  // may load data; an OptionError for a bad value
  CoordinateConfig optimizer = {};  // what a learned optimizer for it looks like by default …
  MetaTrainConfig training = {};  // … and how it is trained
  std::string groups = "all";  // "conv,fc": by an LSTM for each of these groups of parameters
};

/// The table. A new optimizee is one file, and one line in registry.cpp.
const std::vector<OptimizeeEntry>& optimizees();
/// A UsageError that lists the names there are if none fits.
const OptimizeeEntry& find_optimizee(std::string_view name);
/// The family of an entry; unknown option names are a UsageError.
Family make_optimizee(const OptimizeeEntry& entry, const OptionValues& values = {});

/// For those who write optimizees: an option's value as a whole number from `smallest` to `largest`, as a number above
/// 0, or as one from 0 on, of a size that a Real has. An OptionError says what would be right.
Index whole_number(const OptionValues& values, const std::string& name, Index largest, Index smallest = 1);
double positive_number(const OptionValues& values, const std::string& name);
double number_from_zero(const OptionValues& values, const std::string& name);

}  // namespace l2l
