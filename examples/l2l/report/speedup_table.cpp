#include "examples/l2l/report/speedup_table.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "examples/l2l/report/figures_page.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/refinement.h"
#include "examples/l2l/run/run_folder.h"
#include "examples/l2l/run/settings.h"
#include "optim/bootstrap.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

/// What a run was made by, without its seeds, and the seeds.
struct Origin {
  std::string settings, seeds;
};

Origin origin_of(const RunFolder& folder, RunConfig config) {
  Origin origin;
  origin.seeds = std::to_string(config.training.seed);
  config.training.seed = 0;
  origin.settings = config_text(config);
  if (const fs::path file = folder.refinement(".json"); fs::exists(file)) {
    const Refinement refinement = read_refinement(file, kDeleteIt);
    origin.seeds += " " + std::to_string(refinement.config.seed);
    origin.settings += read_json(file, "", kDeleteIt, [](const JsonObject& json) {
      nlohmann::json settings = json.at("settings");
      settings.erase("seed");
      return json.at("options").dump() + settings.dump();
    });
  }
  return origin;
}

/// The labels of the comparisons in a folder; "" for the one without.
std::vector<std::string> labels_in(const fs::path& folder) {
  std::vector<std::string> labels;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string stem = entry.path().stem().string();
    if (entry.path().extension() != ".json" || (stem != "compare" && !stem.starts_with("compare-"))) continue;
    labels.push_back(stem == "compare" ? "" : stem.substr(8));
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

/// All that must agree for two comparisons to be of the same functions and rules.
std::string settings_of(const ComparisonSummary& c) {
  const nlohmann::json json = {c.optimizee,          c.options, c.horizon, c.steps, c.functions, c.tune_functions,
                               name_of(c.criterion), c.seed};
  return json.dump();
}

/// Each text once, in this order.
std::string joined(std::vector<std::string> texts, const char* separator) {
  std::string all;
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    if (seen.insert(text).second) all += (all.empty() ? "" : separator) + text;
  }
  return all;
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::vector<std::string> table_line(const std::string& runs, const SpeedupRow& row, const std::string& rule,
                                    const std::string& step, const MeanSpeedup& mean) {
  return {runs,
          row.functions,
          rule,
          step,
          mean_text(mean),
          interval_text(mean),
          std::to_string(mean.reached) + " of " + std::to_string(mean.all)};
}

}  // namespace

std::vector<SpeedupRow> speedup_rows(const fs::path& folder, const std::vector<FigureRun>& runs,
                                     std::vector<fs::path>* skipped) {
  if (!fs::is_directory(folder)) return {};
  std::vector<fs::path> places;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (fs::exists(RunFolder{entry.path()}.config())) places.push_back(entry.path());
  }
  std::sort(places.begin(), places.end());

  std::vector<SpeedupRow> rows;
  std::map<std::string, std::size_t> row_of;  // by what the trainings and comparisons have in common
  std::set<std::string> known;  // and with the seeds
  for (const fs::path& path : places) {
    const RunFolder place{path};
    const RunConfig config = place.read_config();
    const bool asked =
        std::any_of(runs.begin(), runs.end(), [&](const FigureRun& run) { return run.optimizee == config.optimizee; });
    if (!asked) continue;
    const Origin origin = origin_of(place, config);
    for (const std::string& label : labels_in(path)) {
      const fs::path file = place.comparison(label, ".json");
      const ComparisonSummary made = read_comparison(file, kDeleteIt);
      if (!made.speedup) {
        if (skipped != nullptr) skipped->push_back(file);
        continue;
      }
      std::string key = label + "\n" + origin.settings + settings_of(made);
      if (!known.insert(key + origin.seeds).second) key += path.string();
      const auto [found, is_new] = row_of.insert({key, rows.size()});
      if (is_new) {
        rows.push_back(
            {{}, label, family(made.optimizee, made.options), {}, judged_step(made), made.speedup->window, {}});
      }
      SpeedupRow& row = rows[found->second];
      row.runs.push_back(path.filename().string());
      row.rules.push_back(made.speedup->rule);
      row.of_each.push_back(made.speedup->of_each_function);
    }
  }
  return rows;
}

Cells speedup_cells(const std::vector<SpeedupRow>& rows) {
  Cells cells = {{"lstm of", "on", "to the loss of", "at step", "speed-up", "95% interval", "reached"}};
  TaskSpeedups all;
  for (const SpeedupRow& row : rows) {
    all.push_back(row.of_each);
    cells.push_back(table_line(joined(row.runs, ", "), row, joined(row.rules, ", "), std::to_string(row.step),
                               mean_speedup({row.of_each})));
  }
  if (rows.size() > 1) cells.push_back(table_line("all", {}, "", "", mean_speedup(all)));
  return cells;
}

std::string speedup_note() {
  return "speed-up: how many times fewer steps the LSTM needs than the best rule for the loss that the rule has at the "
         "step\nthe interquartile mean over functions and seeds of training, with a bootstrap interval of " +
         std::to_string(kResamples) + " resamples\n≤: not reached in too many of them, so it is at most that";
}

std::string in_columns(const Cells& cells) {
  std::vector<std::size_t> widths;
  const auto width = [](const std::string& text) {  // in characters
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  };
  for (const auto& line : cells) {
    widths.resize(line.size());
    for (std::size_t k = 0; k < line.size(); ++k) widths[k] = std::max(widths[k], width(printable(line[k])));
  }
  std::string text;
  for (const auto& line : cells) {
    for (std::size_t k = 0; k < line.size(); ++k) {
      const std::string cell = printable(line[k]);
      text += cell;
      if (k + 1 < line.size()) text += std::string(widths[k] - width(cell) + 3, ' ');
    }
    text += "\n";
  }
  return text;
}

std::string speedups_csv(const std::vector<SpeedupRow>& rows) {
  std::string csv = kSpeedupsHeader;
  for (const SpeedupRow& row : rows) {
    const MeanSpeedup mean = mean_speedup({row.of_each});
    const std::vector<std::string> cells = {joined(row.runs, " "),
                                            row.label,
                                            row.functions,
                                            joined(row.rules, " "),
                                            std::to_string(row.step),
                                            std::to_string(row.window),
                                            std::to_string(row.of_each.size()),
                                            std::to_string(mean.all / row.of_each.size()),
                                            to_text(mean.mean),
                                            to_text(mean.low),
                                            to_text(mean.high),
                                            std::to_string(mean.at_most),
                                            std::to_string(mean.reached)};
    for (std::size_t k = 0; k < cells.size(); ++k) csv += (k == 0 ? "" : ",") + quoted(printable(cells[k]));
    csv += "\n";
  }
  return csv;
}

}  // namespace l2l
