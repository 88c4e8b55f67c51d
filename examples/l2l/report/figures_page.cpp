#include "examples/l2l/report/figures_page.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/report/probe_report.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/report/speedup_table.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/refinement.h"
#include "examples/l2l/run/run_folder.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

const char* const kTop = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
)";

const char* const kHead = R"(
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
<h1>Learning to learn by gradient descent by gradient descent</h1>
<p>The experiments of Andrychowicz et al. 2016 (<a href="https://arxiv.org/abs/1606.04474">arXiv 1606.04474</a>). The
paper's numbers are read off its plots, to about 2%. Data sets, lengths of training and defaults of the other optimizers
differ from the paper's, so what can be compared is the order of the optimizers and the distance between them.</p>
)";

std::string base64(const std::string& bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t k = 0; k < bytes.size(); k += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - k);
    unsigned word = 0;  // three bytes, padded with zeros
    for (std::size_t b = 0; b < 3; ++b) word = word << 8 | (b < count ? static_cast<unsigned char>(bytes[k + b]) : 0);
    for (std::size_t d = 0; d < 4; ++d) text += d <= count ? digits[word >> (18 - 6 * d) & 63] : '=';
  }
  return text;
}

std::string number(double x) { return std::isfinite(x) ? format("%.3g", x) : "not finite"; }

// These functions turn text into HTML. All text of the page goes through them.

std::string heading(int level, const std::string& text) {
  return format("<h%d>", level) + html(text) + format("</h%d>\n", level);
}
std::string paragraph(const std::string& text) { return "<p>" + html(text) + "</p>\n"; }
std::string call(std::vector<std::string> words) {
  words.insert(words.begin(), "l2l");
  return "<pre>" + html(command_line(words)) + "</pre>\n";
}
std::string cell(const std::string& text, bool best = false) {
  return (best ? "<td class=\"best\">" : "<td>") + html(text) + "</td>";
}

/// Whether it begins and ends as a PNG file does.
bool is_whole_png(const std::string& bytes) {
  return bytes.starts_with("\x89PNG\r\n\x1a\n") && bytes.ends_with("IEND\xae\x42\x60\x82");
}

/// The picture, or nothing if there is none, as without gnuplot.
std::string picture(const fs::path& file, const std::string& caption) {
  std::error_code failure;
  if (!fs::exists(file, failure)) return "";
  const std::string png = read_text(file);
  if (!is_whole_png(png)) throw Error(file.string(), ": not a whole PNG picture", kDeleteIt);
  return "<figure>\n<img alt=\"" + html(caption) + "\" src=\"data:image/png;base64," + base64(png) +
         "\">\n<figcaption>" + html(caption) + "</figcaption>\n</figure>\n";
}

/// `--name value` for each option.
void add_options(std::vector<std::string>& words, const OptionValues& options) {
  for (const auto& [name, value] : options) words.insert(words.end(), {"--" + name, value});
}

/// The same for every setting and option that differs from the optimizee's default.
void add_changes(std::vector<std::string>& words, const RunConfig& config) {
  const RunConfig plain = make_config(config.optimizee, {}, {});
  for (const Setting& setting : settings()) {
    const std::string value = setting.get(config);
    if (value == setting.get(plain)) continue;
    words.push_back("--" + setting.name);
    if (!setting.placeholder.empty()) words.push_back(value);
  }
  OptionValues changed = config.options;
  std::erase_if(changed, [&](const auto& option) { return option.second == plain.options.at(option.first); });
  add_options(words, changed);
}

/// A comparison's results beside the paper's, one row per optimizer, with the best of each column in bold. The last row
/// is the LSTM of another run that was compared `beside` it on the same functions, if there is one.
std::string results(const ComparisonSummary& comparison, const std::vector<PaperLosses>& paper,
                    const std::string& beside, const ComparisonSummary& other) {
  struct Column {
    std::string title;
    std::vector<std::string> cells;
    std::vector<double> values;
  };
  std::vector<std::string> names = {kLstm, "adam", "rmsprop", "sgd", "nag"};
  std::vector<Score> rows;
  for (const std::string& name : names) rows.push_back(comparison.scores.at(name));
  if (!beside.empty()) {
    names.push_back("lstm of " + beside);
    rows.push_back(other.scores.at(kLstm));
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

  std::string table = "<table>\n<tr><th>loss</th><th>learning rate</th>";
  for (const Column& column : columns) table += "<th>" + html(column.title) + "</th>";
  table += "</tr>\n";
  for (std::size_t row = 0; row < names.size(); ++row) {
    const std::optional<double>& rate = rows[row].learning_rate;
    table += "<tr>" + cell(names[row]) + cell(rate ? number(*rate) : "learned");
    for (const Column& column : columns) {
      const bool best = column.values[row] == *std::min_element(column.values.begin(), column.values.end());
      table += cell(column.cells[row], best);
    }
    table += "</tr>\n";
  }
  return table + "</table>\n";
}

std::string figure(const RunFolder& folder, const Figure& row) {
  const ComparisonSummary comparison = read_comparison(folder.comparison(row.label, ".json"), kDeleteIt);
  const RunFolder beside{folder.path.parent_path() / row.beside};
  const ComparisonSummary other =
      row.beside.empty() ? ComparisonSummary() : read_comparison(beside.comparison("", ".json"), kDeleteIt);
  const std::string functions = std::to_string(comparison.functions),
                    tune_functions = std::to_string(comparison.tune_functions);
  std::vector<std::string> words = {"compare", "--run", folder.path.string()};
  add_options(words, row.options);
  if (!row.label.empty()) words.insert(words.end(), {"--label", row.label});
  if (row.steps > 0) {
    words.insert(words.end(), {"--steps", std::to_string(row.steps), "--tune-steps", std::to_string(row.steps)});
  } else if (comparison.steps != 2 * comparison.trained_steps) {
    words.insert(words.end(), {"--steps", std::to_string(comparison.steps)});
  }
  words.insert(words.end(), {"--functions", functions, "--tune-functions", tune_functions});
  return heading(3, row.title) + paragraph(row.text) +
         picture(folder.comparison(row.label, ".png"),
                 "Mean over " + functions +
                     " held-out functions, the same for every optimizer, ± one standard error; seed " +
                     std::to_string(comparison.seed) + ". Learning rates were tuned on " + tune_functions +
                     " other functions.") +
         results(comparison, row.paper, row.beside, other) + call(words);
}

std::string training(const RunFolder& folder, const RunConfig& config) {
  const fs::path file = folder.refinement(".json");
  std::string trained = folder.path.string(), refinement;
  if (fs::exists(file)) {
    const Refinement refined = read_refinement(file, kDeleteIt);
    trained = refined.run;
    std::vector<std::string> words = {"refine", "--run", trained, "--out", folder.path.string()};
    add_options(words, refined.options);
    refinement = call(words) + picture(folder.refinement(".png"),
                                       "The refinement for the loss at the end; refine.json has all its settings.");
  }
  std::vector<std::string> words = {"train", "--optimizee", config.optimizee, "--out", trained};
  add_changes(words, config);
  return call(words) +
         picture(folder.picture(), "The training: " + std::to_string(config.training.epochs) + " meta-epochs of " +
                                       std::to_string(config.training.steps) + " steps, seed " +
                                       std::to_string(config.training.seed) + ".") +
         refinement;
}

std::string probe(const RunFolder& folder) {
  std::string pictures =
      picture(folder.probe("updates", ".png"),
              "Histories of updates (the paper's Fig. 10): what the LSTM does to some coordinates along one held-out "
              "function, and what SGD and ADAM would have done on the same iterates.");
  for (const auto& [coordinate, place] : read_probed(folder.probe("", ".json"), kDeleteIt).places) {
    const std::string name = std::to_string(coordinate);
    pictures += picture(folder.probe("response_" + name, ".png"),
                        "Coordinate " + name + ", " + place +
                            ": the proposed update as a function of the current gradient (the paper's Figs. 11-13), at "
                            "the first steps of the same trajectory.");
  }
  if (pictures.empty()) return "";
  return heading(3, "Inside the optimizer") + pictures + call({"probe", "--run", folder.path.string()});
}

std::string speedups_of(const fs::path& folder, const std::vector<FigureRun>& runs) {
  const std::vector<SpeedupRow> rows = speedup_rows(folder, runs);
  if (rows.empty()) return "";
  std::string table = heading(2, "How much faster") + "<pre>" + html(speedup_note()) + "</pre>\n<table>\n";
  const Cells cells = speedup_cells(rows);
  for (std::size_t row = 0; row < cells.size(); ++row) {
    table += "<tr>";
    for (const std::string& text : cells[row]) table += row == 0 ? "<th>" + html(text) + "</th>" : cell(text);
    table += "</tr>\n";
  }
  return table + "</table>\n";
}

}  // namespace

std::string figures_page(const fs::path& folder, const std::vector<FigureRun>& runs) {
  std::string page = std::string(kTop) + kGenerator + kHead;
  page += heading(2, "What the LSTM sees of a gradient") +
          picture(folder / "preprocess.png",
                  "Appendix A: logarithm and sign of a gradient, or for a tiny one a number that shrinks with it.");
  for (const FigureRun& run : runs) {
    const RunFolder place{folder / run.name};
    page += heading(2, run.name) + training(place, place.read_config());
    for (const Figure& row : run.figures) page += figure(place, row);
    for (const Sheet& sheet : run.sheets) page += picture(place.sheet(sheet.name), sheet.caption);
    page += probe(place);
  }
  return page + speedups_of(folder, runs) + "</body>\n</html>\n";
}

}  // namespace l2l
