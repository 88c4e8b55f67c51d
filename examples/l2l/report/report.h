#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/l2l/report/gnuplot.h"
#include "optim/schedule.h"
#include "optim/tune.h"
#include "optimizees/registry.h"

namespace l2l {

/// One optimizer of a comparison.
struct Contestant {
  std::string name;
  std::optional<double> learning_rate;  // tuned; none for the learned optimizer
  Curves curves;
};

/// The settings of a comparison.
struct ComparisonSettings {
  std::string optimizee;
  OptionValues options;
  std::string trained_on;  // the optimizee of the training
  int trained_steps = 0;  // see RunFolder::trained_steps
  int horizon = 0;  // steps for which the baselines' learning rates were tuned
  int steps = 0, functions = 0, tune_functions = 0;
  Criterion criterion = Criterion::final;
  std::uint64_t seed = 0;
};

/// The first contestant is the learned optimizer, then there are the baselines with constant learning rates, and if
/// schedules are asked for, the baselines and the learned optimizer with each.
struct Comparison : ComparisonSettings {
  std::vector<Contestant> contestants;
};
inline constexpr const char* kBaselines[] = {"sgd", "nag", "rmsprop", "adam"};
/// The learned optimizer's name among the contestants.
inline const std::string kLstm = "lstm";
/// The schedule of a contestant, as of "nag-cosine" (`with_schedule`).
std::optional<Schedule> schedule_of(const std::string& contestant);
/// Its name without the schedule: "nag" of "nag" and of "nag-cosine".
std::string rule_of(const std::string& contestant);
/// Whether it is the learned optimizer, with a schedule or without.
inline bool is_learned(const std::string& contestant) { return rule_of(contestant) == kLstm; }

/// A number with its standard error; NaN if it is not finite or unknown.
struct Measurement {
  double mean, sem;
};

/// An optimizer's results as single numbers.
struct Score {
  std::optional<double> learning_rate;
  Measurement final, sum, horizon, horizon_sum;
};

/// The content of compare.json.
struct ComparisonSummary : ComparisonSettings {
  std::map<std::string, Score> scores;  // of lstm and the baselines
};

inline constexpr const char* kComparisonHeader = "optimizer,step,mean_loss,sem\n";
/// `optimizer,step,mean_loss,sem`: a line per optimizer and step, step 0 … steps.
std::string comparison_csv(const Comparison& comparison);
/// Settings, and the results of each optimizer as single numbers; numbers that are not finite are null.
std::string comparison_json(const Comparison& comparison);
/// Reads compare.json. An Error names the file and what is wrong with it, and ends with the remedy.
ComparisonSummary read_comparison(const std::filesystem::path& json, const std::string& remedy);
/// Throws an Error that names the file and ends with the remedy unless it is the table of this comparison.
void check_comparison_csv(const std::filesystem::path& csv, const ComparisonSummary& made, const std::string& remedy);
/// The learning rate of a rule in a compare.json. Throws an Error that names the file if it has none for this
/// optimizee.
double compared_rate(const std::filesystem::path& json, const std::string& rule, const std::string& optimizee);
/// gnuplot commands: loss against step on a log scale, with bands of one standard error.
Commands comparison_plot(const Comparison& comparison);
/// A table to read: losses at the horizon and at the end, the sum, and their ratios to the best baseline's and their
/// differences from it, function by function.
std::string comparison_table(const Comparison& comparison);

}  // namespace l2l
