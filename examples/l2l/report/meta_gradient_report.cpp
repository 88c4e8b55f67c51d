#include "examples/l2l/report/meta_gradient_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autodiff/format.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/settings.h"

namespace l2l {
namespace {

/// The length of the longest name of a block. With several LSTMs, names begin with the group.
int name_width(const MetaGradientReport& report) {
  std::size_t width = 0;
  for (const MetaGradientRow& row : report.full) width = std::max(width, row.block.size());
  return static_cast<int>(width);
}

/// A row per block: `value` of each unroll.
template <class Value>
std::string table(const MetaGradientReport& report, const std::string& title, const char* pattern, Value value) {
  const std::size_t blocks = report.full.size();
  const int width = std::max(18, name_width(report)) + 2;
  std::string text = title + "\n" + format("%-*s", width, "steps of an unroll");
  for (std::size_t k = 0; k < report.rows.size(); k += blocks) text += format("%10d", report.rows[k].unroll);
  text += "\n";
  for (std::size_t b = 0; b < blocks; ++b) {
    text += format("%-*s", width, report.full[b].block.c_str());
    for (std::size_t k = b; k < report.rows.size(); k += blocks) {
      const double x = value(report.rows[k]);  // NaN beside a gradient of 0
      text += std::isnan(x) ? format("%10s", "n/a") : format(pattern, x);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string meta_gradient_csv(const MetaGradientReport& report) {
  std::string csv = "unroll,block,cosine,relative_error,norm\n";
  for (const MetaGradientRow& row : report.rows) {
    csv += std::to_string(row.unroll) + "," + row.block + "," + to_text(row.agreement.cosine) + "," +
           to_text(row.agreement.relative_error) + "," + to_text(row.norm) + "\n";
  }
  return csv;
}

std::string meta_gradient_json(const MetaGradientReport& report) {
  nlohmann::ordered_json json;
  json["optimizee"] = report.optimizee;
  json["options"] = report.options;
  json["steps"] = report.steps;
  json["discount"] = report.discount;
  json["seed"] = report.seed;
  json["losses"] = report.losses;
  for (const MetaGradientRow& row : report.full) json["norm_of_full"][row.block] = row.norm;
  for (const MetaGradientRow& row : report.rows) {
    json["norm_of_unrolls"][std::to_string(row.unroll)][row.block] = row.norm;
  }
  return json_text(json);
}

std::string meta_gradient_table(const MetaGradientReport& report) {
  return report.optimizee +
         format(": one trajectory of %d steps, loss %.4g to %.4g; norm of the full gradient %.4g\n", report.steps,
                report.losses.front(), report.losses.back(), report.full[0].norm) +
         (report.discount == 1 ? "" : format("the training's gradient has a discount of %g\n", report.discount)) +
         "\n" +
         table(report, "cosine of the training's gradient to the full one", "%10.3f",
               [](const MetaGradientRow& row) { return row.agreement.cosine; }) +
         "\n" +
         table(report, "relative error of the training's gradient", "%10.4g",
               [](const MetaGradientRow& row) { return row.agreement.relative_error; }) +
         format("\nunrolls of %d steps are not truncated: they only lack the second derivatives\n", report.steps);
}

Commands meta_gradient_plot(const MetaGradientReport& report) {
  static const Commands colours[] = {"#0072b2", "#56b4e9", "#009e73", "#e69f00",
                                     "#d55e00", "#cc79a7", "#999999", "#8c510a"};
  const std::size_t blocks = report.full.size();
  // There is room for nine names beside a panel. If there are more, both panels show a part, in a smaller font.
  constexpr std::size_t kNames = 9;
  const std::size_t beside_first = blocks <= kNames ? blocks : (blocks + 1) / 2;
  const double font = std::min(13.0, 13.0 * kNames / static_cast<double>(beside_first));
  Commands data, cosines, errors, tics;
  for (std::size_t b = 0; b < blocks; ++b) {
    const Commands block("block", b);
    std::string lines;
    for (std::size_t k = b; k < report.rows.size(); k += blocks) {
      const MetaGradientRow& row = report.rows[k];
      lines += std::to_string(row.unroll) + " " + to_text(row.agreement.cosine) + " " +
               to_text(row.agreement.relative_error) + "\n";
      if (b == 0) tics += Commands(tics.empty() ? Commands() : Commands(","), row.unroll);
    }
    data += Commands::data(block, lines);
    // φ as a whole is drawn last, above its blocks. Colours and marks repeat with different periods.
    const Commands style(" with linespoints pointsize 0.9 pointtype ", b == 0 ? 7 : 4 + b % 10, " linewidth ",
                         b == 0 ? 3.5 : 1.5, " linecolor '",
                         b == 0 ? Commands("#000000") : colours[(b - 1) % std::size(colours)], "' ");
    const Commands title("title ", Text(b == 0 ? "all weights" : report.full[b].block)), none("notitle");
    const Commands separator = b == 0 ? Commands() : Commands(", ");
    const bool first = b < beside_first;
    cosines += {separator, "$", block, " using 1:2", style, first ? title : none};
    errors += {separator, "$", block, " using 1:3", style, first ? none : title};
  }
  return Commands(data, "set multiplot layout 2,1 title ",
                  Text(report.optimizee + ": the training's gradient" +
                       (report.discount == 1 ? "" : " with discount " + to_text(report.discount)) +
                       " against the full one, " + std::to_string(report.steps) + " steps"),
                  "\nset logscale x\nset xtics (", tics,
                  ")\n"
                  "set xrange [*:*] noextend\n"
                  "set offsets graph 0.03, graph 0.03, 0, 0\n"
                  "set lmargin 11\n"
                  "set key font ',",
                  font, "'\nset rmargin ", name_width(report) + 8,
                  "\nset ylabel 'cosine'\n"
                  "set yrange [-1.05:1.05]\n"
                  "plot ",
                  cosines,
                  "\nset xlabel 'steps of an unroll (the last: no truncation)'\n"
                  "set ylabel 'relative error'\n"
                  "set yrange [*:*]\n"
                  "set logscale y\n"
                  "plot ",
                  errors, "\nunset multiplot\n");
}

}  // namespace l2l
