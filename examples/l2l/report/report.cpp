#include "examples/l2l/report/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/settings.h"

namespace l2l {
namespace {

/// An optimizer's results on each function.
struct Results {
  std::vector<double> final, sum, horizon, horizon_sum;
};

Results results_of(const Curves& curves, int horizon) {
  return {curves.at(curves.steps), sums_to(curves, curves.steps), curves.at(horizon), sums_to(curves, horizon)};
}

/// A result in compare.json: its mean, the standard error of that, and those of each function.
struct ScoreField {
  const char *mean, *sem;
  Measurement Score::*value;
  const char* name;
  std::vector<double> Results::*of_each;
};
constexpr ScoreField kScoreFields[] = {
    {"final_mean", "final_sem", &Score::final, "final", &Results::final},
    {"sum", "sum_sem", &Score::sum, "sum", &Results::sum},
    {"horizon_mean", "horizon_sem", &Score::horizon, "horizon", &Results::horizon},
    {"horizon_sum", "horizon_sum_sem", &Score::horizon_sum, "horizon_sum", &Results::horizon_sum}};

RunSpeedup read_speedup(const JsonObject& json, const ComparisonSummary& of) {
  RunSpeedup speedup{json.text("rule"), json.number<int>("window", kCount), {}};
  if (is_learned(speedup.rule) || !of.scores.contains(speedup.rule)) {
    throw Error("'rule' of 'speedup' is not one of the rules compared");
  }
  for (const JsonObject& one : json.objects("of_each_function")) {
    speedup.of_each_function.push_back({one.number<double>("ratio", kPositive), one.truth("reached")});
  }
  if (const std::size_t found = speedup.of_each_function.size(); found != static_cast<std::size_t>(of.functions)) {
    throw Error("'speedup' is of ", found, " functions, not ", of.functions);
  }
  return speedup;
}

std::string error_text(const Measurement& m) { return std::isnan(m.sem) ? "n/a" : format("%.2g", m.sem); }

}  // namespace

std::optional<Schedule> schedule_of(const std::string& contestant) {
  for (const Schedule schedule : kSchedules) {
    if (contestant.ends_with("-" + std::string(name_of(schedule)))) return schedule;
  }
  return std::nullopt;
}

std::string rule_of(const std::string& contestant) {
  const std::optional<Schedule> schedule = schedule_of(contestant);
  return schedule ? contestant.substr(0, contestant.size() - name_of(*schedule).size() - 1) : contestant;
}

std::string comparison_csv(const Comparison& comparison) {
  std::string csv = kComparisonHeader;
  const Contestant& learned = comparison.contestants[0];
  for (const Contestant& contestant : comparison.contestants) {
    for (int t = 0; t <= comparison.steps; ++t) {
      const std::vector<double> losses = contestant.curves.at(t);
      Measurement difference{0, 0};  // of the learned optimizer from itself, also where it diverged
      if (&contestant != &learned) difference = measured(differences(losses, learned.curves.at(t)));
      csv += contestant.name + "," + std::to_string(t);
      for (const Measurement& m : {measured(losses), difference}) csv += "," + to_text(m.mean) + "," + to_text(m.sem);
      csv += "\n";
    }
  }
  return csv;
}

std::string functions_csv(const Comparison& comparison) {
  std::string csv = kFunctionsHeader;
  for (const Contestant& contestant : comparison.contestants) {
    const Results results = results_of(contestant.curves, judged_step(comparison));
    for (int k = 0; k < comparison.functions; ++k) {
      csv += contestant.name + "," + std::to_string(k);
      csv += "," + to_text(results.horizon[k]) + "," + to_text(results.final[k]) + "," +
             to_text(results.horizon_sum[k]) + "," + to_text(results.sum[k]) + "\n";
    }
  }
  return csv;
}

std::string comparison_json(const Comparison& c) {
  nlohmann::ordered_json json;
  json["optimizee"] = c.optimizee;
  json["options"] = c.options;
  json["trained_on"] = c.trained_on;
  json["trained_steps"] = c.trained_steps;
  json["horizon"] = c.horizon;
  json["steps"] = c.steps;
  json["functions"] = c.functions;
  json["tune_functions"] = c.tune_functions;
  json["criterion"] = name_of(c.criterion);
  json["seed"] = c.seed;
  const RunSpeedup speedup = speedup_of(c);
  const MeanSpeedup mean = mean_speedup({{speedup.of_each_function}});
  auto& faster = json["speedup"];
  faster = {{"rule", speedup.rule}, {"window", speedup.window}, {"iqm", mean.mean},       {"low", mean.low},
            {"high", mean.high},    {"at_most", mean.at_most},  {"reached", mean.reached}};
  for (const Speedup& one : speedup.of_each_function) {
    faster["of_each_function"].push_back({{"ratio", one.ratio}, {"reached", one.reached}});
  }
  const int horizon = judged_step(c);
  const Results learned = results_of(c.contestants[0].curves, horizon);
  for (const Contestant& contestant : c.contestants) {
    const Results results = results_of(contestant.curves, horizon);
    auto& entry = json["optimizers"][contestant.name];
    entry["learning_rate"] = nullptr;
    if (contestant.learning_rate) entry["learning_rate"] = *contestant.learning_rate;
    for (const ScoreField& field : kScoreFields) {
      const Measurement m = measured(results.*field.of_each);
      entry[field.mean] = m.mean;  // nlohmann writes null for what is not finite
      entry[field.sem] = m.sem;
    }
    for (const ScoreField& field : kScoreFields) {
      if (contestant.name == kLstm) break;
      const Paired pair = paired(results.*field.of_each, learned.*field.of_each);
      entry["paired"][field.name] = {{"difference", pair.difference.mean},
                                     {"sem", pair.difference.sem},
                                     {"lstm_lower_in", pair.lower},
                                     {"p", pair.p}};
    }
    for (const ScoreField& field : kScoreFields) entry["of_each_function"][field.name] = results.*field.of_each;
  }
  return json_text(json);
}

ComparisonSummary read_comparison(const std::filesystem::path& file, const std::string& remedy) {
  return read_json(file, "damaged, or not written by l2l compare: ", remedy, [](const JsonObject& json) {
    ComparisonSummary c;
    c.optimizee = find_optimizee(json.text("optimizee")).name;
    c.options = json.texts("options");
    c.trained_on = find_optimizee(json.text("trained_on")).name;
    c.trained_steps = json.number<int>("trained_steps", kCountOrNone);
    c.horizon = json.number<int>("horizon", kCount);
    c.steps = json.number<int>("steps", kCount);
    c.functions = json.number<int>("functions", kCount);
    c.tune_functions = json.number<int>("tune_functions", kCount);
    c.criterion = parse_criterion(json.text("criterion"));
    c.seed = json.number<std::uint64_t>("seed", kNotNegative);
    const JsonObject optimizers = json.object("optimizers");
    const auto read_score = [&](const std::string& name) {
      const JsonObject entry = optimizers.object(name);
      Score& score = c.scores[name];
      if (!is_learned(name)) {
        score.learning_rate = entry.number<double>("learning_rate", kPositive);
      } else if (!entry.at("learning_rate").is_null()) {
        throw Error("'learning_rate' of ", name, " must be null");
      }
      for (const ScoreField& field : kScoreFields) {
        score.*field.value = {entry.number_or_nan(field.mean), entry.not_negative_or_nan(field.sem)};
      }
    };
    read_score(kLstm);
    for (const std::string name : kBaselines) read_score(name);
    for (const std::string& name : optimizers.names()) {
      if (c.scores.contains(name)) continue;
      if (!is_learned(name)) find_rule(rule_of(name));  // an Error for what is none
      read_score(name);
    }
    if (json.contains("speedup")) c.speedup = read_speedup(json.object("speedup"), c);
    return c;
  });
}

double compared_rate(const std::filesystem::path& file, const std::string& rule, const std::string& optimizee) {
  return read_json(file, "", "; --rate gives a rate of your own", [&](const JsonObject& json) {
    const JsonObject optimizers = json.object("optimizers");
    const auto names = optimizers.names();
    if (std::find(names.begin(), names.end(), rule) == names.end()) throw Error("there is no learning rate of ", rule);
    const double rate = optimizers.object(rule).number<double>("learning_rate", kPositive);
    if (const std::string of = json.text("optimizee"); of != optimizee) {
      throw Error("a comparison on ", of, ", this is ", optimizee);
    }
    return rate;
  });
}

std::size_t diverged(const Curves& curves) {
  const std::vector<double> end = curves.at(curves.steps);
  return static_cast<std::size_t>(std::count_if(end.begin(), end.end(), [](double x) { return !std::isfinite(x); }));
}

std::string comparison_table(const Comparison& c) {
  struct Column {
    std::string title;
    std::vector<std::vector<double>> values;  // of each contestant, on each function
    std::vector<Measurement> cells;  // a row per contestant
    std::size_t best = 1, best_scheduled = 0;  // among the baselines without, and with a schedule; 0: there is none
    std::size_t learned = 0, learned_scheduled = 0;  // the learned optimizer without, and with the best schedule
  };
  const int horizon = judged_step(c);
  std::vector<Column> columns;
  const auto add = [&](const std::string& title, auto measure) {
    Column column{title, {}, {}};
    for (const Contestant& contestant : c.contestants) {
      column.values.push_back(measure(contestant.curves));
      column.cells.push_back(measured(column.values.back()));
    }
    for (std::size_t k = 1; k < column.cells.size(); ++k) {
      const std::string& name = c.contestants[k].name;
      std::size_t& best = is_learned(name)    ? column.learned_scheduled
                          : schedule_of(name) ? column.best_scheduled
                                              : column.best;
      const double so_far = column.cells[best].mean;  // NaN if it diverged
      if (best == 0 || column.cells[k].mean < so_far || std::isnan(so_far)) best = k;
    }
    columns.push_back(column);
  };
  add(format("loss at step %d", horizon), [&](const Curves& curves) { return curves.at(horizon); });
  if (c.steps > horizon) {
    add(format("loss at step %d", c.steps), [&](const Curves& curves) { return curves.at(c.steps); });
  }
  add(format("sum of steps 1-%d", horizon), [&](const Curves& curves) { return sums_to(curves, horizon); });

  std::size_t longest = 0;  // name
  for (const Contestant& contestant : c.contestants) longest = std::max(longest, contestant.name.size());
  const int name_width = static_cast<int>(std::max<std::size_t>(14, longest));
  const int note_width = static_cast<int>(std::max<std::size_t>(8, longest + 2));  // behind a number: error, or (name)
  std::string table = family(c.optimizee, c.options) + "\n\n";
  table += format("%-*s %13s", name_width, "optimizer", "learning rate");
  for (const Column& column : columns) table += format("   %*s ", 12 + note_width, column.title.c_str());
  table += "\n";
  for (std::size_t k = 0; k < c.contestants.size(); ++k) {
    const Contestant& contestant = c.contestants[k];
    table += format("%-*s ", name_width, contestant.name.c_str());
    table += contestant.learning_rate ? format("%13.4g", *contestant.learning_rate) : format("%13s", "learned");
    for (const Column& column : columns) {
      const Measurement& m = column.cells[k];
      table += format("   %9.4g ± %-*s%s", m.mean, note_width, error_text(m).c_str(),
                      k == column.best || (k > 0 && k == column.best_scheduled) ? "*" : " ");
    }
    table += "\n";
  }
  // Beside the best baselines of one kind: ratios of means, and differences function by function. All optimizers meet
  // the same functions, so these are far less uncertain than the two means.
  const auto add_beside = [&](const std::string& best_name, std::size_t Column::*learned, std::size_t Column::*best) {
    std::string ratios, differences, lower_in, p_values;
    for (const Column& column : columns) {
      const std::vector<double>&ours = column.values[column.*learned], &theirs = column.values[column.*best];
      const Paired pair = paired(theirs, ours);
      const double ratio = column.cells[column.*learned].mean / column.cells[column.*best].mean;
      const std::string name = "(" + c.contestants[column.*best].name + ")";
      ratios += format(ratio < 1e5 ? "   %9.3f   %-*s " : "   %9.3g   %-*s ", ratio, note_width, name.c_str());
      differences += format("   %9.4g ± %-*s ", 0 - pair.difference.mean, note_width,  // never -0
                            error_text(pair.difference).c_str());
      lower_in += format("   %9d   %-*s ", pair.lower, note_width, ("of " + std::to_string(c.functions)).c_str());
      p_values += format("   %9.2g   %-*s ", pair.p, note_width, "");
    }
    for (const auto& [title, cells] :
         {std::pair("lstm / " + best_name, ratios), std::pair("lstm - " + best_name, differences),
          std::pair(std::string("lstm is lower in"), lower_in), std::pair(std::string("p, signed ranks"), p_values)}) {
      table += format("%-*s", name_width + 14, title.c_str()) + cells + "\n";
    }
  };
  add_beside("best baseline", &Column::learned, &Column::best);
  if (columns[0].best_scheduled > 0 && columns[0].learned_scheduled > 0) {
    add_beside("best, both scheduled", &Column::learned_scheduled, &Column::best_scheduled);
  }
  table += "* best baseline; ± one standard error over " + std::to_string(c.functions) + " held-out function" +
           (c.functions == 1 ? "" : "s") + "; that of 'lstm - …' is of the differences function by function\n" +
           "p: how likely differences this one-sided are by chance (Wilcoxon's signed-rank test, two-sided)\n";
  for (const Contestant& contestant : c.contestants) {
    if (const std::size_t lost = diverged(contestant.curves); lost > 0) {
      table += format("%s diverged on %zu of %d functions, so its mean is inf\n", contestant.name.c_str(), lost,
                      c.functions);
    }
  }
  if (columns[0].learned_scheduled > 0) table += "both scheduled: of each, the lowest of its rows with a schedule\n";
  table += speedup_text(c) + "\n";
  if (c.trained_steps == 0 || c.steps <= c.trained_steps) return table;
  return table + format("lstm was trained for %d steps; what follows them it never saw\n", c.trained_steps);
}

}  // namespace l2l
