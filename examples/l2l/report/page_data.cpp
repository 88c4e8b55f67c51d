#include "examples/l2l/report/page_data.h"

#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "examples/l2l/report/comparison_curves.h"
#include "examples/l2l/report/page_number.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/preprocess_plot.h"
#include "examples/l2l/report/probe_report.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/report/walk_data.h"
#include "examples/l2l/run/csv_file.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/train_log.h"
#include "optim/rules.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kUpdateDigits = 3;

// ---- Comparisons ----------------------------------------------------------------------------------------------

Json comparisons_data(const RunFolder& folder, const FigureRun& run, const std::string& remedy) {
  Json comparisons = Json::array();
  for (const Figure& figure : run.figures) {
    const fs::path csv = folder.comparison(figure.label, ".csv");
    if (!fs::exists(csv)) continue;
    const ComparisonSummary made = read_comparison(folder.comparison(figure.label, ".json"), remedy);
    comparisons.push_back({{"label", figure.label},
                           {"title", run.name + (figure.label.empty() ? "" : ", " + figure.label)},
                           {"trained_steps", made.trained_steps},
                           {"curves", comparison_curves(csv, made, remedy)}});
  }
  return comparisons;
}

// ---- Trainings ------------------------------------------------------------------------------------------------

Json training_data(const fs::path& file, const std::string& name, const std::string& remedy) {
  try {
    const TrainingLog log = read_training_log(file);
    struct Column {
      std::size_t index;
      const char *name, *text;
    };
    Json curves = Json::array();
    for (const auto& [index, key, text] :
         {Column{5, "validation", "validation"}, Column{1, "mean", "mean loss"}, Column{2, "end", "loss at the end"}}) {
      Json values = Json::array();
      for (const CsvRow& row : read_csv(log.text, TrainingLog::kHeader)) {
        const bool known = !row.cells[index].empty();
        values.push_back(known ? page_number(row.at(index), kPageLossDigits) : Json(nullptr));
      }
      curves.push_back({{"name", key}, {"text", text}, {"mean", values}});
    }
    return {{"title", name}, {"curves", curves}};
  } catch (const Error& error) {
    throw Error(file.string(), ": damaged: ", error.what(), remedy);
  }
}

// ---- Probes ---------------------------------------------------------------------------------------------------

constexpr const char* kProbed[] = {"lstm", "adam", "sgd"};  // columns 3, 4 and 5 of a probe's tables

void add_updates(Json& updates, const CsvRow& row) {
  for (int k = 0; k < 3; ++k) updates[kProbed[k]].push_back(page_number(row.at(3 + k), kUpdateDigits));
}

/// What is in both tables.
Json probe_data(const RunFolder& folder, const std::string& remedy) {
  const fs::path json = folder.probe("", ".json"), updates = folder.probe("updates", ".csv"),
                 responses = folder.probe("response", ".csv");
  const Probed probed = read_probed(json, remedy);
  check_probe_csv(updates, probed, probed.steps, remedy);
  Json coordinates = Json::array();
  const auto at = [&](const CsvRow& row) -> Json& {
    const int index = row.count(0);
    for (Json& coordinate : coordinates) {
      if (coordinate["index"] == index) return coordinate;
    }
    coordinates.push_back({{"index", index},
                           {"place", printable(probed.places.at(index))},
                           {"gradient", Json::array()},
                           {"updates", {}},
                           {"swept", Json::array()},
                           {"responses", Json::array()}});
    return coordinates.back();
  };
  const std::string updates_text = read_text(updates);
  for (const CsvRow& row : read_csv(updates_text, kProbeHeader)) {
    Json& coordinate = at(row);
    coordinate["gradient"].push_back(page_number(row.at(2), kUpdateDigits));
    add_updates(coordinate["updates"], row);
  }
  if (fs::exists(responses)) {
    check_probe_csv(responses, probed, probed.sweep_steps, remedy);
    const std::string text = read_text(responses);
    for (const CsvRow& row : read_csv(text, kProbeHeader)) {
      Json& coordinate = at(row);
      const std::size_t step = static_cast<std::size_t>(row.count(1));
      while (coordinate["responses"].size() < step) coordinate["responses"].push_back(Json::object());
      if (step == 1) coordinate["swept"].push_back(page_number(row.at(2), kPageLossDigits));
      add_updates(coordinate["responses"][step - 1], row);
    }
    // SGD remembers nothing, so it responds alike at every step.
    for (Json& coordinate : coordinates) {
      Json& all = coordinate["responses"];
      for (std::size_t t = 1; t < all.size(); ++t) {
        if (all[t]["sgd"] == all[0]["sgd"]) all[t].erase("sgd");
      }
    }
  }
  Json rates = Json::object();
  for (const auto& [name, rate] : probed.rates) rates[name] = page_number(rate, kUpdateDigits);
  return {{"rates", rates}, {"coordinates", coordinates}};
}

// ---- All ------------------------------------------------------------------------------------------------------

Json features_data(const SeenFeatures& seen) {
  const auto numbers = [](const auto& values) {
    Json array = Json::array();
    for (const double x : values) array.push_back(page_number(x, kPageLossDigits));
    return array;
  };
  Json values = Json::array();
  for (const std::vector<Real>& feature : seen.values) values.push_back(numbers(feature));
  return {{"titles", seen.titles},
          {"marks", numbers(seen.marks)},
          {"gradient", numbers(seen.gradient)},
          {"values", values}};
}

/// As the content of a script element, which ends at "</script>" and is not what it seems after "<!--".
std::string in_script(const Json& json) {
  std::string result;
  for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<') {
      result += "\\u003c";  // in a string: JSON has it nowhere else
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string page_data(const fs::path& folder, const std::vector<FigureRun>& figure_runs, const std::string& remedy) {
  Json runs = Json::array(), colours = {{kLstm, colour_of(kLstm).script()}};
  for (const Rule& rule : rules()) colours[rule.name] = colour_of(rule.name).script();
  for (const FigureRun& row : figure_runs) {
    const RunFolder place{folder / row.name};
    Json run = {{"name", row.name},
                {"features", features_data(seen_features(place.read_config().optimizer.preprocess))},
                {"comparisons", comparisons_data(place, row, remedy)}};
    for (const Json& comparison : run["comparisons"]) {
      for (const Json& curve : comparison["curves"]) {
        const std::string name = curve["name"];  // with a schedule, perhaps
        colours[name] = colour_of(rule_of(name)).script();
      }
    }
    if (fs::exists(place.log())) run["training"] = training_data(place.log(), row.name, remedy);
    if (fs::exists(place.probe("updates", ".csv"))) run["probe"] = probe_data(place, remedy);
    if (fs::exists(place.walk(".json"))) run["walk"] = walk_data(place.walk(".json"), remedy);
    runs.push_back(run);
  }
  return "<script type=\"application/json\" id=\"data\">" + in_script({{"colours", colours}, {"runs", runs}}) +
         "</script>\n";
}

}  // namespace l2l
