#include "examples/l2l/report/figures_page.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/report/page_data.h"
#include "examples/l2l/report/page_files.h"
#include "examples/l2l/report/paper_order.h"
#include "examples/l2l/report/preprocess_plot.h"
#include "examples/l2l/report/probe_report.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/report/speedup_table.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/model_settings.h"
#include "examples/l2l/run/refinement.h"
#include "examples/l2l/run/run_folder.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

const char* const kTop = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Learning to learn by gradient descent by gradient descent</title>
)";

const char* const kIntroduction = R"(<h1>Learning to learn by gradient descent by gradient descent</h1>
<p>The experiments of Andrychowicz et al. 2016 (<a href="https://arxiv.org/abs/1606.04474">arXiv 1606.04474</a>). The
paper's numbers are read off its plots, to about 2%. Data sets, lengths of training and defaults of the other optimizers
differ from the paper's, so what can be compared is the order of the optimizers and the distance between them.</p>
<noscript><p>With JavaScript the pictures below become plots to explore.</p></noscript>
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
std::string image(const fs::path& file, const std::string& text) {
  std::error_code failure;
  if (!fs::exists(file, failure)) return "";
  const std::string png = read_text(file);
  if (!is_whole_png(png)) throw Error(file.string(), ": not a whole PNG picture", kDeleteIt);
  return "<img alt=\"" + html(text) + "\" src=\"data:image/png;base64," + base64(png) + "\">\n";
}

/// Something with a caption; nothing if it is nothing.
std::string with_caption(const std::string& content, const std::string& caption) {
  if (content.empty()) return "";
  return "<figure>\n" + content + "<figcaption>" + html(caption) + "</figcaption>\n</figure>\n";
}
std::string picture(const fs::path& file, const std::string& caption) {
  return with_caption(image(file, caption), caption);
}

/// A place for a plot, which page.js makes of the data that page_data has of a run, and for those without scripts the
/// pictures of the same; these alone if there is no `table`.
std::string plot(const std::string& kind, const RunFolder& folder, const std::string& label, const fs::path& table,
                 const std::string& pictures, const std::string& caption) {
  if (!fs::exists(table)) return with_caption(pictures, caption);
  std::string content = "<div data-plot=\"" + kind + "\" data-run=\"" + html(folder.path.filename().string()) +
                        "\" data-label=\"" + html(label) + "\"></div>\n";
  if (!pictures.empty()) content += "<noscript>\n" + pictures + "</noscript>\n";
  return with_caption(content, caption);
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

  std::string table = "<div class=\"wide\"><table>\n<tr><th>loss</th><th>learning rate</th>";
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
  return table + "</table></div>\n";
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
  std::string order;
  for (const PaperLosses& paper : row.paper) order += paragraph(order_beside_paper(comparison, paper));
  const std::string caption =
      "Mean over " + functions + " held-out functions, the same for every optimizer, ± one standard error; seed " +
      std::to_string(comparison.seed) + ". Learning rates were tuned on " + tune_functions + " other functions.";
  return heading(3, row.title) + paragraph(row.text) +
         plot("comparison", folder, row.label, folder.comparison(row.label, ".csv"),
              image(folder.comparison(row.label, ".png"), caption), caption) +
         results(comparison, row.paper, row.beside, other) + order + call(words);
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
  const std::string caption = "The training: " + std::to_string(config.training.epochs) + " meta-epochs of " +
                              std::to_string(config.training.steps) + " steps, seed " +
                              std::to_string(config.training.seed) + ".";
  return call(words) + plot("training", folder, "", folder.log(), image(folder.picture(), caption), caption) +
         refinement;
}

std::string features(const RunFolder& folder, const RunConfig& config) {
  const Preprocess& preprocess = config.optimizer.preprocess;
  const std::string caption = seen_features(preprocess).text;
  return heading(3, "What the optimizer sees of a gradient (--preprocess " + preprocess_text(preprocess) + ")") +
         plot("features", folder, "", folder.config(), image(folder.path / "preprocess.png", caption), caption);
}

std::string probe(const RunFolder& folder) {
  const std::string caption =
      "What the LSTM does to some coordinates along one held-out function, and what SGD and ADAM would have done on "
      "the same iterates (the paper's Fig. 10).";
  std::string pictures = image(folder.probe("updates", ".png"), caption);
  for (const auto& [coordinate, place] : read_probed(folder.probe("", ".json"), kDeleteIt).places) {
    const std::string name = std::to_string(coordinate);
    pictures += image(folder.probe("response_" + name, ".png"),
                      "Coordinate " + name + ", " + place +
                          ": the proposed update as a function of the current gradient (the paper's Figs. 11-13), at "
                          "the first steps of the same trajectory.");
  }
  const std::string shown = plot("probe", folder, "", folder.probe("updates", ".csv"), pictures, caption);
  return shown.empty() ? ""
                       : heading(3, "Inside the optimizer") + shown + call({"probe", "--run", folder.path.string()});
}

std::string walk(const RunFolder& folder) {
  const std::string caption =
      "The paths of the optimizers from one starting point. Lines join equal losses, the grey deepens with the loss, a "
      "cross is a minimum.";
  if (!fs::exists(folder.walk(".json"))) return "";
  return heading(3, "The walk") +
         plot("walk", folder, "", folder.walk(".json"), image(folder.walk(".png"), caption), caption);
}

std::string speedups_of(const fs::path& folder, const std::vector<FigureRun>& runs) {
  const std::vector<SpeedupRow> rows = speedup_rows(folder, runs);
  if (rows.empty()) return "";
  std::string table =
      heading(2, "How much faster") + "<p>" + html(speedup_note()) + "</p>\n<div class=\"wide\"><table>\n";
  const Cells cells = speedup_cells(rows);
  for (std::size_t row = 0; row < cells.size(); ++row) {
    table += "<tr>";
    for (const std::string& text : cells[row]) table += row == 0 ? "<th>" + html(text) + "</th>" : cell(text);
    table += "</tr>\n";
  }
  return table + "</table></div>\n";
}

}  // namespace

std::string figures_page(const fs::path& folder, const std::vector<FigureRun>& runs) {
  const std::string data = page_data(folder, runs, kDeleteIt);
  std::string page =
      std::string(kTop) + kGenerator + "\n<style>\n" + page_style() + "</style>\n</head>\n<body>\n" + kIntroduction;
  for (const FigureRun& run : runs) {
    const RunFolder place{folder / run.name};
    const RunConfig config = place.read_config();
    page += "<h2 id=\"" + html(run.name) + "\">" + html(run.name) + "</h2>\n" + features(place, config) +
            training(place, config);
    for (const Figure& row : run.figures) page += figure(place, row);
    for (const Sheet& sheet : run.sheets) page += picture(place.sheet(sheet.name), sheet.caption);
    page += probe(place) + walk(place);
  }
  return page + speedups_of(folder, runs) + data + page_scripts() + "</body>\n</html>\n";
}

}  // namespace l2l
