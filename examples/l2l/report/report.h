#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/l2l/report/gnuplot.h"
#include "optim/schedule.h"
#include "optim/speedup.h"
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
/// The mean of these and its standard error, which is unknown for one number.
Measurement measured(const std::vector<double>& x);

/// An optimizer's results as single numbers.
struct Score {
  std::optional<double> learning_rate;
  Measurement final, sum, horizon, horizon_sum;
};

/// A rule's losses, or sums of losses, minus the learned optimizer's on the same functions. NaN where both diverged.
std::vector<double> differences(const std::vector<double>& rule, const std::vector<double>& learned);
/// What they say.
struct Paired {
  Measurement difference;  // their mean
  int lower;  // the number of functions on which the learned optimizer's is lower
  double p;  // of no difference, see signed_rank_p
};
Paired paired(const std::vector<double>& rule, const std::vector<double>& learned);
/// f(θ_1) + … + f(θ_last) of each function; f(θ_0) is the same for every optimizer.
std::vector<double> sums_to(const Curves& curves, int last);
/// The step at which the rules are judged: the horizon that they were tuned for, or the last step if it comes before.
int judged_step(const ComparisonSettings& comparison);

/// How much sooner the learned optimizer reaches the loss that the best rule has at the judged step, function by
/// function (see `speedups`). The best rule is that with the lowest mean there, of those without a schedule.
struct RunSpeedup {
  std::string rule;
  int window = 1;  // see passage_window; noise is looked for in the losses of the rules
  std::vector<Speedup> of_each_function;
};
RunSpeedup speedup_of(const Comparison& comparison);
/// Whether the rules' losses are noisy (see turning_points).
bool has_noise(const Comparison& comparison);

/// Many speed-ups as one: their interquartile mean with a 95% interval, which is NaN for less than two.
struct MeanSpeedup {
  double mean, low, high;
  bool at_most;  // the mean is an upper bound, as some of the ratios that it is made of are
  int reached, all;
};
/// [task][training][function], see iqm_interval.
using TaskSpeedups = std::vector<std::vector<std::vector<Speedup>>>;
MeanSpeedup mean_speedup(const TaskSpeedups& tasks);
/// "1.2", or "≤ 0.5"; and "1.1 to 1.3", or "n/a".
std::string mean_text(const MeanSpeedup& speedup);
std::string interval_text(const MeanSpeedup& speedup);
/// The speed-up of a comparison, in a line to read.
std::string speedup_text(const Comparison& comparison);

/// The content of compare.json.
struct ComparisonSummary : ComparisonSettings {
  std::map<std::string, Score> scores;  // of lstm and the baselines
  std::optional<RunSpeedup> speedup;  // none in a file of an older version
};

inline constexpr const char* kComparisonHeader = "optimizer,step,mean_loss,sem,difference,difference_sem\n";
/// The same of an older version.
inline constexpr const char* kOldComparisonHeader = "optimizer,step,mean_loss,sem\n";
/// A line per optimizer and step, step 0 … steps. `difference` is the mean over functions of (the optimizer's loss -
/// the learned optimizer's loss) at that step.
std::string comparison_csv(const Comparison& comparison);
inline constexpr const char* kFunctionsHeader = "optimizer,function,horizon,final,horizon_sum,sum\n";
/// A line per optimizer and held-out function: its losses at the horizon and at the end, and the sums of losses to
/// both.
std::string functions_csv(const Comparison& comparison);
/// Settings, and the results of each optimizer as single numbers; numbers that are not finite are null.
std::string comparison_json(const Comparison& comparison);
/// Reads compare.json. An Error names the file and what is wrong with it, and ends with the remedy.
ComparisonSummary read_comparison(const std::filesystem::path& json, const std::string& remedy);
/// The learning rate of a rule in a compare.json. Throws an Error that names the file if it has none for this
/// optimizee.
double compared_rate(const std::filesystem::path& json, const std::string& rule, const std::string& optimizee);
/// On how many functions the loss at the end is not finite.
std::size_t diverged(const Curves& curves);
/// gnuplot commands: loss against step on a log scale, with bands of one standard error, and below it the differences
/// of comparison_csv. Noisy curves are smoothed.
Commands comparison_plot(const Comparison& comparison);
/// A table to read: losses at the horizon and at the end, the sum, and their ratios to the best baseline's and their
/// differences from it, function by function.
std::string comparison_table(const Comparison& comparison);

}  // namespace l2l
