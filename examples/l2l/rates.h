#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "optim/tune.h"
#include "optimizees/registry.h"

namespace l2l {

/// A file of learning rates that were tuned before, so that a comparison need not tune them again. A rate is found if
/// all that it depends on is the same: the functions, the rule and its schedule, and how it was tuned.
class RateFile {
 public:
  /// An empty path: nothing is kept. An Error names a file that is not of this kind.
  explicit RateFile(const std::filesystem::path& path);

  /// The rate of a rule on these functions: that of the file, or the result of `tune()`, which is added to the file
  /// at once. Other processes may add theirs at the same time.
  template <class Tune>
  double rate(const Rule& rule, const std::string& optimizee, const OptionValues& options, const TuneOptions& tuning,
              Tune tune) {
    const std::string key = key_of(rule, optimizee, options, tuning);
    if (const auto found = rates_.find(key); found != rates_.end()) return found->second;
    const double rate = tune();
    add(key, rate);
    return rate;
  }

 private:
  static std::string key_of(const Rule& rule, const std::string& optimizee, const OptionValues& options,
                            const TuneOptions& tuning);
  std::map<std::string, double> read() const;
  void add(const std::string& key, double rate);

  std::filesystem::path path_;
  std::map<std::string, double> rates_;
};

}  // namespace l2l
