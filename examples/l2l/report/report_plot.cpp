#include <algorithm>
#include <cmath>

#include "autodiff/format.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/run/settings.h"

namespace l2l {
namespace {

/// Lines "step mean low high"; the band from low to high is mean ± one standard error.
std::string lines_of(const Curves& curves, int steps) {
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
Commands training_mark(const Comparison& c) {
  const int x = c.trained_steps;
  const bool right = 2 * c.trained_steps < c.steps;  // where there is more room for the label
  return Commands("set arrow from ", x, ", graph 0 to ", x, ", graph 1 nohead linewidth 1 linecolor '#808080'\n",
                  "set label ' trained for ", x, " steps ' at ", x, ", graph 0.97 ",
                  right ? Commands("left") : Commands("right"), " textcolor '#606060' font ',11'\n");
}

}  // namespace

Commands comparison_plot(const Comparison& c) {
  Commands data, bands, curves;
  for (std::size_t k = 0; k < c.contestants.size(); ++k) {
    const Contestant& contestant = c.contestants[k];
    const double width = contestant.learning_rate ? 2 : 3.5;
    const std::optional<Schedule> schedule = schedule_of(contestant.name);
    const int dashes = schedule ? 2 + static_cast<int>(*schedule) : 1;
    const Commands block("contestant", k), style(" linecolor '", colour_of(rule_of(contestant.name)), "' ");
    data += Commands::data(block, lines_of(contestant.curves, c.steps));
    bands += Commands(k == 0 ? Commands("plot $") : Commands(", $"), block, " using 1:3:4 with filledcurves", style,
                      "fillstyle transparent solid 0.2 notitle");
    curves += Commands(", $", block, " using 1:2 with lines linewidth ", width, " dashtype ", dashes, style, "title ",
                       Text(legend(contestant)));
  }

  // Without a limit, an optimizer that diverges would squeeze the others into a line at the bottom.
  const double top = 4 * c.contestants[0].curves.mean(0);
  const std::string name = family(c.optimizee, c.options);  // a long one gets a line of its own
  return Commands(data, "set title ", Text(name),
                  name.size() > 30 ? Commands(" . \":\\n\" . ") : Commands(" . ': ' . "),
                  Text("mean loss on " + std::to_string(c.functions) + " held-out functions"),
                  "\nset xlabel 'step'\n"
                  "set ylabel 'loss (band: ± one standard error)'\n"
                  "set xrange [0:",
                  c.steps, "]\nset yrange [*:*<", top,
                  "] noextend\n"
                  "set offsets 0, 0, graph 0.08, graph 0.05\n",
                  c.trained_steps > 0 && c.trained_steps < c.steps ? training_mark(c) : Commands(),
                  on_log_axis(Commands(bands, curves)));
}

}  // namespace l2l
