#include <algorithm>
#include <cmath>

#include "autodiff/format.h"
#include "examples/l2l/plot.h"
#include "examples/l2l/report.h"
#include "examples/l2l/settings.h"

namespace l2l {
namespace {

/// Lines "step mean low high", where low … high is the band of one standard error.
std::string data_block(const Curves& curves, int steps) {
  std::string lines;
  for (int t = 0; t <= steps; ++t) {
    const double mean = curves.mean(t), sem = curves.sem(t);
    if (!std::isfinite(mean) || !std::isfinite(sem)) break;
    const double low = std::max(mean - sem, mean / 100);  // a logarithmic axis has no room for less
    lines += std::to_string(t) + " " + to_text(mean) + " " + to_text(low) + " " + to_text(mean + sem) + "\n";
  }
  return lines;
}

std::string legend(const Contestant& contestant) {
  if (!contestant.learning_rate) return contestant.name + " (learned)";
  return format("%s (rate %.2g)", contestant.name.c_str(), *contestant.learning_rate);
}

/// A thin vertical line where the training ended.
std::string training_mark(const Comparison& c) {
  const std::string x = std::to_string(c.trained_steps);
  const bool right = 2 * c.trained_steps < c.steps;  // where there is more room for the label
  return "set arrow from " + x + ", graph 0 to " + x + ", graph 1 nohead linewidth 1 linecolor '#808080'\n" +
         "set label ' trained for " + x + " steps ' at " + x + ", graph 0.97 " + (right ? "left" : "right") +
         " textcolor '#606060' font ',11'\n";
}

}  // namespace

std::string comparison_plot(const Comparison& c) {
  std::string data, bands, curves;
  for (const Contestant& contestant : c.contestants) {
    const std::string block = "$" + contestant.name, width = contestant.learning_rate ? "2" : "3.5";
    const std::string colour = " linecolor '" + colour_of(contestant.name) + "' ";
    data += block + " << END\n" + data_block(contestant.curves, c.steps) + "END\n";
    bands += (bands.empty() ? "plot " : ", ") + block + " using 1:3:4 with filledcurves" + colour +
             "fillstyle transparent solid 0.2 notitle";
    curves +=
        ", " + block + " using 1:2 with lines linewidth " + width + colour + "title " + literal(legend(contestant));
  }

  // A diverging optimizer would squeeze the others into a line at the bottom.
  const double top = 4 * c.contestants[0].curves.mean(0);
  const std::string name = family(c.optimizee, c.options);  // a long one has a line of its own
  return data + "set title " + literal(name) + (name.size() > 30 ? " . \":\\n\" . " : " . ': ' . ") +
         literal("mean loss on " + std::to_string(c.functions) + " held-out functions") +
         " noenhanced\n"
         "set xlabel 'step'\n"
         "set ylabel 'loss (band: ± one standard error)'\n" +
         "set xrange [0:" + std::to_string(c.steps) + "]\n" + "set yrange [*:*<" + to_text(top) +
         "] noextend\n"
         "set offsets 0, 0, graph 0.08, graph 0.05\n" +
         (c.trained_steps < c.steps ? training_mark(c) : "") + on_log_axis(bands + curves);
}

}  // namespace l2l
