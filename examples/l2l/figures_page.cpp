#include "examples/l2l/figures_page.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/probe_report.h"
#include "examples/l2l/refinement.h"
#include "examples/l2l/report.h"
#include "examples/l2l/run_folder.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

const char* const kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Learning to learn by gradient descent by gradient descent</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
img { width: 100%; height: auto; }
figure { margin: 1.5rem 0; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
td.best { font-weight: bold; }
code { background: #f3f3f3; padding: 0 .2rem; }
pre { background: #f3f3f3; padding: .5rem; overflow-x: auto; }
</style>
</head>
<body>
)";

std::string escape(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string base64(const std::string& bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t k = 0; k < bytes.size(); k += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - k);
    unsigned word = 0;  // three bytes, or what there is and zeros
    for (std::size_t b = 0; b < 3; ++b) word = word << 8 | (b < count ? static_cast<unsigned char>(bytes[k + b]) : 0);
    for (std::size_t d = 0; d < 4; ++d) text += d <= count ? digits[word >> (18 - 6 * d) & 63] : '=';
  }
  return text;
}

std::string number(double x) { return std::isfinite(x) ? format("%.3g", x) : "not finite"; }

/// The picture, or nothing if it is not there (for want of gnuplot).
std::string picture(const fs::path& file, const std::string& caption) {
  std::error_code failure;
  if (!fs::exists(file, failure)) return "";
  return "<figure>\n<img alt=\"" + escape(caption) + "\" src=\"data:image/png;base64," + base64(read_text(file)) +
         "\">\n<figcaption>" + caption + "</figcaption>\n</figure>\n";
}

std::string paragraph(const std::string& html) { return "<p>" + html + "</p>\n"; }
std::string command(const std::string& line) { return "<pre>" + escape(line) + "</pre>\n"; }

/// `--name value` for every setting and option that is not the optimizee's default.
std::string flags(const RunConfig& config) {
  const RunConfig plain = make_config(config.optimizee, {}, {});
  std::string text;
  for (const Setting& setting : settings()) {
    const std::string value = setting.get(config);
    if (value != setting.get(plain)) text += " --" + setting.name + (setting.placeholder.empty() ? "" : " " + value);
  }
  for (const auto& [name, value] : config.options) {
    if (value != plain.options.at(name)) text += " --" + name + " " + value;
  }
  return text;
}

/// A comparison's results beside the paper's, a row per optimizer; the best of each column stands out. An LSTM of
/// another run that was compared `beside` it on the same functions has a row of its own, the last.
std::string results(const ComparisonSummary& comparison, const std::vector<PaperLosses>& paper,
                    const std::string& beside, const ComparisonSummary& other) {
  struct Column {
    std::string title;
    std::vector<std::string> cells;
    std::vector<double> values;
  };
  std::vector<std::string> names = {"lstm", "adam", "rmsprop", "sgd", "nag"};
  std::vector<Score> rows;
  for (const std::string& name : names) rows.push_back(comparison.scores.at(name));
  if (!beside.empty()) {
    names.push_back("lstm of " + beside);
    rows.push_back(other.scores.at("lstm"));
  }
  std::vector<Column> columns;
  const auto add = [&](int step, Measurement Score::*loss) {
    Column column{"here, step " + std::to_string(step), {}, {}};
    for (const Score& score : rows) {
      const auto [mean, sem] = score.*loss;
      const bool finite = std::isfinite(mean);
      column.values.push_back(finite ? mean : INFINITY);
      column.cells.push_back(number(mean) + (finite ? " ± " + number(sem) : ""));
    }
    columns.push_back(column);
  };
  const int horizon = comparison.horizon, steps = comparison.steps;
  add(std::min(horizon, steps), &Score::horizon);
  if (steps > horizon) add(steps, &Score::final);
  for (const PaperLosses& p : paper) {
    Column column{"paper, " + p.where, {}, {p.lstm, p.adam, p.rmsprop, p.sgd, p.nag}};
    for (const double x : column.values) column.cells.push_back(number(x));
    column.values.resize(names.size(), INFINITY);  // the paper has no such row
    column.cells.resize(names.size());
    columns.push_back(column);
  }

  std::string html = "<table>\n<tr><th>loss</th><th>learning rate</th>";
  for (const Column& column : columns) html += "<th>" + escape(column.title) + "</th>";
  html += "</tr>\n";
  for (std::size_t row = 0; row < names.size(); ++row) {
    const std::optional<double>& rate = rows[row].learning_rate;
    html += "<tr><td>" + names[row] + "</td><td>" + (rate ? number(*rate) : "learned") + "</td>";
    for (const Column& column : columns) {
      const bool best = column.values[row] == *std::min_element(column.values.begin(), column.values.end());
      html += std::string(best ? "<td class=\"best\">" : "<td>") + column.cells[row] + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

std::string figure(const RunFolder& folder, const Figure& row) {
  const ComparisonSummary comparison = read_comparison(folder.comparison(row.label, ".json"), kDeleteIt);
  const RunFolder beside{folder.path.parent_path() / row.beside};
  const ComparisonSummary other =
      row.beside.empty() ? ComparisonSummary() : read_comparison(beside.comparison("", ".json"), kDeleteIt);
  std::string line = "l2l compare --run " + folder.path.string();
  for (const auto& [name, value] : row.options) line += " --" + name + " " + value;
  if (!row.label.empty()) line += " --label " + row.label;
  if (comparison.steps != 2 * comparison.trained_steps) line += " --steps " + std::to_string(comparison.steps);
  const std::string functions = std::to_string(comparison.functions),
                    tune_functions = std::to_string(comparison.tune_functions);
  line += " --functions " + functions + " --tune-functions " + tune_functions;
  return "<h3>" + escape(row.title) + "</h3>\n" + paragraph(escape(row.text)) +
         picture(folder.comparison(row.label, ".png"),
                 "Mean over " + functions +
                     " held-out functions, the same for every optimizer, ± one standard error; seed " +
                     std::to_string(comparison.seed) + ". Learning rates were tuned on " + tune_functions +
                     " other functions.") +
         results(comparison, row.paper, row.beside, other) + command(line);
}

std::string training(const RunFolder& folder, const RunConfig& config) {
  const fs::path file = folder.refinement(".json");
  std::string trained = folder.path.string(), refinement;
  if (fs::exists(file)) {
    const Refinement refined = read_refinement(file, kDeleteIt);
    trained = refined.run;
    std::string line = "l2l refine --run " + trained + " --out " + folder.path.string();
    for (const auto& [name, value] : refined.options) line += " --" + name + " " + value;
    refinement = command(line) + picture(folder.refinement(".png"),
                                         "The refinement for the loss at the end; refine.json has all its settings.");
  }
  return command("l2l train --optimizee " + config.optimizee + " --out " + trained + flags(config)) +
         picture(folder.picture(), "The training: " + std::to_string(config.training.epochs) + " meta-epochs of " +
                                       std::to_string(config.training.steps) + " steps, seed " +
                                       std::to_string(config.training.seed) + ".") +
         refinement;
}

std::string probe(const RunFolder& folder) {
  std::string html =
      picture(folder.probe("updates", ".png"),
              "Histories of updates (the paper's Fig. 10): what the LSTM does to some coordinates along one held-out "
              "function, and what SGD and ADAM would have done on the same iterates.");
  for (const auto& [coordinate, place] : read_probed(folder.probe("", ".json"), kDeleteIt)) {
    const std::string name = std::to_string(coordinate);
    html += picture(folder.probe("response_" + name, ".png"),
                    "Coordinate " + name + ", " + escape(place) +
                        ": the proposed update as a function of the current gradient (the paper's Figs. 11-13), at "
                        "the first steps of the same trajectory.");
  }
  if (html.empty()) return "";
  return "<h3>Inside the optimizer</h3>\n" + html + command("l2l probe --run " + folder.path.string());
}

}  // namespace

std::string figures_page(const fs::path& folder, const std::vector<FigureRun>& runs) {
  std::string html = kHead;
  html += "<h1>Learning to learn by gradient descent by gradient descent</h1>\n";
  html += paragraph(
      "The experiments of Andrychowicz et al. 2016 (<a href=\"https://arxiv.org/abs/1606.04474\">arXiv "
      "1606.04474</a>). "
      "The paper's numbers are read off its plots, to about 2%. Data sets, lengths of training and defaults of the "
      "other optimizers differ from the paper's, so what can be compared is the order of the optimizers and the "
      "distance between them.");
  html += "<h2>What the LSTM sees of a gradient</h2>\n" +
          picture(folder / "preprocess.png",
                  "Appendix A: logarithm and sign of a gradient, or for a tiny one a number that shrinks with it.");
  for (const FigureRun& run : runs) {
    const RunFolder place{folder / run.name};
    html += "<h2>" + escape(run.name) + "</h2>\n" + training(place, place.read_config());
    for (const Figure& row : run.figures) html += figure(place, row);
    for (const Sheet& sheet : run.sheets) html += picture(place.sheet(sheet.name), escape(sheet.caption));
    html += probe(place);
  }
  return html + "</body>\n</html>\n";
}

}  // namespace l2l
