#include <algorithm>
#include <cmath>

#include "autodiff/format.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/run/settings.h"

namespace l2l {
namespace {

/// Steps of the running mean that noisy curves are shown as: a twentieth of the picture, and odd.
int shown_window(const Comparison& c) { return has_noise(c) ? c.steps / 40 * 2 + 1 : 1; }

/// The comparison with each loss as the mean of the `window` steps around it.
Comparison smoothed(Comparison c, int window) {
  for (Contestant& contestant : c.contestants) {
    for (std::vector<double>& losses : contestant.curves.losses) losses = centred_mean(losses, window);
  }
  return c;
}

/// Lines "step mean low high"; the band from low to high is mean ± one standard error, as far as it is below `top`:
/// gnuplot does not cut what is far outside of a panel.
std::string lines_of(const Curves& curves, int steps, double top) {
  std::string lines;
  for (int t = 0; t <= steps; ++t) {
    const double mean = curves.mean(t), sem = curves.sem(t);
    if (!std::isfinite(mean) || !std::isfinite(sem)) break;
    const double low = std::max(mean - sem, mean / 100);  // a logarithmic axis has no room for less
    lines += std::to_string(t) + " " + to_text(mean) + " " + to_text(std::min(low, top)) + " " +
             to_text(std::min(mean + sem, top)) + "\n";
  }
  return lines;
}

/// What the panel of differences shows: the differences up to ± `top`, with their standard errors up to three times the
/// typical one, so that what diverges later does not set the scale.
struct DifferenceRange {
  double low = 0, high = 0;
  double typical = 0;  // the median standard error; a tenth of the median difference if no error is known

  DifferenceRange(const Comparison& c, double top) {
    std::vector<Measurement> shown;
    std::vector<double> errors, sizes;
    for (std::size_t k = 1; k < c.contestants.size(); ++k) {
      for (int t = 1; t <= c.steps; ++t) {
        const Measurement d = measured(differences(c.contestants[k].curves.at(t), c.contestants[0].curves.at(t)));
        if (!(std::abs(d.mean) <= top)) continue;
        shown.push_back(d);
        if (d.mean != 0) sizes.push_back(std::abs(d.mean) / 10);
        if (d.sem > 0) errors.push_back(d.sem);
      }
    }
    if (!sizes.empty()) typical = median(errors.empty() ? sizes : errors);
    for (const Measurement& d : shown) {
      const double sem = d.sem > 0 ? std::min(d.sem, 3 * typical) : 0;
      low = std::min(low, d.mean - sem), high = std::max(high, d.mean + sem);
    }
  }
};

/// Lines as above of the differences to the learned optimizer's losses, within the range.
std::string difference_lines(const Curves& curves, const Curves& learned, int steps, const DifferenceRange& range) {
  std::string lines;
  for (int t = 0; t <= steps; ++t) {
    const Measurement d = measured(differences(curves.at(t), learned.at(t)));
    if (!std::isfinite(d.mean)) break;
    const double sem = std::isnan(d.sem) ? 0 : d.sem;  // of one function: no band
    const auto inside = [&](double x) { return to_text(std::clamp(x, range.low, range.high)); };
    lines += std::to_string(t) + " " + to_text(d.mean) + " " + inside(d.mean - sem) + " " + inside(d.mean + sem) + "\n";
  }
  return lines;
}

std::string legend(const Contestant& contestant) {
  if (const std::size_t lost = diverged(contestant.curves); lost > 0) {
    return contestant.name + format(": %zu of %zu diverged", lost, contestant.curves.losses.size());
  }
  if (!contestant.learning_rate) return contestant.name + " (learned)";
  return format("%s (rate %.2g)", contestant.name.c_str(), *contestant.learning_rate);
}

/// A thin vertical line where the training ended.
Commands training_mark(const Comparison& c) {
  const int x = c.trained_steps;
  const bool right = 2 * c.trained_steps < c.steps;  // where there is more room for the label
  return Commands("set arrow from ", x, ", graph 0 to ", x, ", graph 1 nohead linewidth 1 linecolor '#808080'\n",
                  "set label 1 ' trained for ", x, " steps ' at ", x, ", graph 0.97 ",
                  right ? Commands("left") : Commands("right"), " textcolor '#606060' font ',11'\n");
}

/// A panel's `plot` command: bands, and curves over them, of the data blocks NAME0, NAME1, …
Commands curves_of(const Comparison& c, const Commands& name) {
  Commands bands, curves;
  for (std::size_t k = 0; k < c.contestants.size(); ++k) {
    const Contestant& contestant = c.contestants[k];
    const double width = contestant.learning_rate ? 2 : 3.5;
    const std::optional<Schedule> schedule = schedule_of(contestant.name);
    const int dashes = schedule ? 2 + static_cast<int>(*schedule) : 1;
    const Commands block(name, k), style(" linecolor '", colour_of(rule_of(contestant.name)), "' ");
    bands += Commands(k == 0 ? Commands("plot $") : Commands(", $"), block, " using 1:3:4 with filledcurves", style,
                      "fillstyle transparent solid 0.2 notitle");
    curves += Commands(", $", block, " using 1:2 with lines linewidth ", width, " dashtype ", dashes, style, "title ",
                       Text(legend(contestant)));
  }
  return Commands(bands, curves);
}

constexpr int kDifferenceHeight = 246;  // of that panel, in pixels

/// A y axis for differences of both signs and all sizes: linear within ± the typical standard error as a power of ten,
/// and logarithmic beyond (asinh).
Commands difference_axis(const DifferenceRange& range) {
  if (range.typical == 0) return "set ytics autofreq\n";
  const double largest = std::max(-range.low, range.high);
  const double unit = std::pow(10, std::floor(std::log10(std::max(range.typical, largest / 1e6))));
  const auto place = [&](double x) { return std::asinh(x / unit); };
  const double gap = 18 * (place(range.high) - place(range.low)) / kDifferenceHeight;  // the height of a label
  Commands tics("set ytics ('0' 0");
  double last = 0;
  for (double power = unit; power <= largest; power *= 10) {
    for (const double digit : {1, 2, 5}) {
      // Powers of ten come first: what is between them must leave them room.
      const bool fits = place(digit * power) - last >= gap;
      if (!fits || (digit > 1 && place(10 * power) - place(digit * power) < gap)) continue;
      last = place(digit * power);
      for (const double tic : {digit * power, -digit * power}) {
        tics += Commands(", ", Text(format("%.3g", tic)), " ", tic);
      }
    }
  }
  return Commands("set nonlinear y via asinh(y / ", unit, ") inverse ", unit, " * sinh(y)\n", tics, ")\n");
}

constexpr std::size_t kRoomy = 14;  // as many optimizers have a legend in letters of the usual size

/// Where the panels end and the legend begins, as a share of the picture's width in pixels.
double legend_begin(const Comparison& c, double width) {
  std::size_t longest = 0;
  for (const Contestant& contestant : c.contestants) longest = std::max(longest, legend(contestant).size());
  const double letter = c.contestants.size() > kRoomy ? 7.2 : 9.3;
  return 1 - (65 + letter * static_cast<double>(longest)) / width;
}

}  // namespace

Commands comparison_plot(const Comparison& raw) {
  const int window = shown_window(raw);
  const Comparison c = smoothed(raw, window);
  // Without a limit, an optimizer that diverges would squeeze the others into a line at the bottom.
  const double top = 4 * c.contestants[0].curves.mean(0);
  const DifferenceRange range(c, top);
  Commands data;
  for (std::size_t k = 0; k < c.contestants.size(); ++k) {
    const Curves &curves = c.contestants[k].curves, &learned = c.contestants[0].curves;
    data += Commands::data(Commands("loss", k), lines_of(curves, c.steps, top));
    data += Commands::data(Commands("difference", k), difference_lines(curves, learned, c.steps, range));
  }

  const std::string name = family(c.optimizee, c.options);
  const bool long_name = name.size() > 30;  // it gets a line of its own
  std::string smoothing;
  if (window > 1) smoothing = format("curves: means of %d steps; the tables have the losses as they are", window);
  const Commands losses = curves_of(c, "loss"), mark = training_mark(c);
  return Commands(
      data,
      "set terminal pngcairo noenhanced size 1000,880 font 'Sans,13' background '#ffffff'\n"
      "set lmargin at screen 0.115\nset rmargin at screen ",
      legend_begin(c, 1000), "\nset key at graph 1.01, graph 1 left top",
      c.contestants.size() > kRoomy ? Commands(" font ',10' spacing 1") : Commands(),
      "\nset ylabel 'loss'\n"
      "set xrange [0:",
      c.steps, "]\nset yrange [*:*<", top,
      "] noextend\n"
      "set offsets 0, 0, graph 0.08, graph 0.05\n",
      c.trained_steps > 0 && c.trained_steps < c.steps ? mark : Commands(), log_axis(losses), "set multiplot title ",
      Text(name), long_name ? Commands(" . \":\\n\" . ") : Commands(" . ': ' . "),
      Text("mean loss on " + std::to_string(c.functions) + " held-out function" + (c.functions == 1 ? "" : "s")),
      "\nset tmargin at screen ", long_name ? 0.92 : 0.945, "\nset bmargin at screen 0.45\n", losses,
      "\nunset key\nunset logscale y\nunset label 1\n"
      "set tmargin at screen 0.41\nset bmargin at screen 0.13\n"
      "set offsets 0, 0, graph 0.04, graph 0.04\n"
      "set ylabel 'difference from lstm'\n",
      range.typical > 0 ? Commands("set yrange [", range.low, ":", range.high, "] noextend\n")
                        : Commands("set yrange [*:*] noextend\n"),
      difference_axis(range),
      "set xlabel 'step'\nset label 2 'bands: ± one standard error; below, of the differences function by function'"
      " at screen 0.115, 0.037 font ',11' textcolor '#606060'\nset label 3 ",
      Text(smoothing),
      " at screen 0.115, 0.015 font ',11' textcolor '#606060'\n"
      "set arrow from graph 0, first 0 to graph 1, first 0 nohead linewidth 1 linecolor '#444444'\n",
      curves_of(c, "difference"), "\nunset multiplot\n");
}

}  // namespace l2l
