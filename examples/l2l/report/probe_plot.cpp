#include <algorithm>
#include <cmath>

#include "autodiff/format.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/probe_report.h"
#include "examples/l2l/run/settings.h"

namespace l2l {
namespace {

Commands line_of(const Proposals& proposals) {
  return Commands("linewidth ", proposals.learning_rate ? 1.7 : 2.2, " linecolor '", colour_of(proposals.name), "' ");
}

const char kSeenLine[] = "linewidth 1.2 linecolor '#404040' dashtype 2 ";

/// Lines "x lstm adam sgd".
template <class X, class Update>
Commands data_block(const Commands& name, std::size_t rows, std::size_t optimizers, X x, Update update) {
  std::string lines;
  for (std::size_t row = 0; row < rows; ++row) {
    lines += x(row);
    for (std::size_t k = 0; k < optimizers; ++k) lines += " " + to_text(update(k, row));
    lines += "\n";
  }
  return Commands::data(name, lines);
}

/// The curves of a data block. The LSTM's is drawn last, on top.
Commands curves(const Probe& probe, const Commands& block, std::size_t points) {
  Commands list;
  for (std::size_t k = probe.optimizers.size(); k-- > 0;) {
    list += Commands(list.empty() ? Commands() : Commands(", "), "$", block, " using 1:", k + 2, curve_style(points),
                     line_of(probe.optimizers[k]), "notitle");
  }
  return list;
}

/// If the gradient seen is outside the panel from `left` to `right`: its value, with an arrow to its side; else "".
std::string seen_outside(double gradient, double left, double right) {
  if (gradient < left) return format("  ← %.2g", gradient);
  return gradient > right ? format("  %.2g →", gradient) : "";
}

/// A page of panels with common axes. Lengths are in pixels.
struct Page {
  static constexpr int kTop = 96, kBottom = 68;
  int width, height, rows, columns;

  Page(int rows, int columns, int width, int panel_height)
      : width(width), height(rows * panel_height + kTop + kBottom), rows(rows), columns(columns) {}

  Commands start(int left, int gap_x, int gap_y) const {
    return Commands("set terminal pngcairo noenhanced size ", width, ",", height,
                    " font 'Sans,13' background '#ffffff'\nset multiplot layout ", rows, ",", columns,
                    " margins screen ", x(left), ",", x(width - 20), ",", y(kBottom), ",", y(height - kTop),
                    " spacing screen ", x(gap_x), ",", y(gap_y), "\n");
  }
  /// Captions around the panels, drawn with the first one.
  Commands captions(const std::string& title, const std::string& x_label) const {
    return Commands("set label ", Text(title), " at screen 0.5,", y(height - 18), " center\nset label ", Text(x_label),
                    " at screen 0.5,", y(16), " center\nset label 'update' at screen ", x(14), ",",
                    y((height - kTop + kBottom) / 2), " center rotate\n");
  }
  /// One entry of the key, in slot `slot` of `slots` side by side. gnuplot's own key could not be wider than a panel.
  Commands key(int slot, int slots, const Commands& line, const std::string& text) const {
    const int start = width / 2 + (2 * slot - slots) * 112, middle = height - 46;
    return Commands("set arrow from screen ", x(start), ",", y(middle), " to screen ", x(start + 34), ",", y(middle),
                    " nohead ", line, "\nset label ", Text(text), " at screen ", x(start + 42), ",", y(middle),
                    " left\n");
  }
  /// The entries of the optimizers, in the first of the slots.
  Commands keys(const Probe& probe, int slots) const {
    Commands commands;
    for (int k = 0; k < static_cast<int>(probe.optimizers.size()); ++k) {
      const Proposals& p = probe.optimizers[k];
      const std::string what = p.learning_rate ? format(" (rate %.2g)", *p.learning_rate) : " (learned)";
      commands += key(k, slots, line_of(p), p.name + what);
    }
    return commands;
  }
  /// After the first panel.
  static Commands no_captions() { return "unset label\nunset arrow\n"; }

 private:
  double x(int pixels) const { return static_cast<double>(pixels) / width; }
  double y(int pixels) const { return static_cast<double>(pixels) / height; }
};

/// Two or three numbers on a short axis. Their power of ten goes into the label of the axis.
struct Tics {
  double step;
  int exponent;  // 0 if the numbers are short without one

  Tics(double low, double high) {
    const double most = (high - low) / 2.4, decade = std::floor(std::log10(most));
    step = 0;
    for (const double digit : {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}) {
      if (digit <= most / std::pow(10, decade)) step = digit * std::pow(10, decade);
    }
    exponent = std::fabs(decade) > 2 ? static_cast<int>(decade) : 0;
  }
  Commands commands(double low, double high, bool with_numbers) const {
    Commands list;
    const long last = std::lround(std::floor(high / step));
    for (long k = std::lround(std::ceil(low / step)); k <= last; ++k) {
      const double at = static_cast<double>(k) * step;
      const std::string number = with_numbers ? format("%.4g", at / std::pow(10, exponent)) : "";
      list += Commands(list.empty() ? Commands() : Commands(", "), Text(number), " ", at);
    }
    return Commands("set xtics (", list, ")\n");
  }
  std::string unit() const { return exponent == 0 ? "" : format(" (in units of 1e%d)", exponent); }
};

/// The format of the numbers of an axis, if they are shown.
Commands number_format(bool shown) { return shown ? Commands("'%g'\n") : Commands("''\n"); }

}  // namespace

Commands updates_plot(const Probe& probe) {
  const int n = static_cast<int>(probe.coordinates.size());
  const Page page(n, 1, 1000, 240);
  const std::string title =
      family(probe.optimizee, probe.options) + ": updates of the LSTM, and of ADAM and SGD for the same gradients";
  Commands commands(page.start(115, 0, 42), page.captions(title, "step"), page.keys(probe, 3),
                    "set xzeroaxis linecolor '#a0a0a0'\nset xrange [0:", probe.steps, "]\n");
  for (int k = 0; k < n; ++k) {
    const Commands block("panel", k);
    const ProbedCoordinate& c = probe.coordinates[k];
    const std::string name =
        format("coordinate %td: ", c.index) + c.place + format("  (mean |gradient| %.2g)", c.magnitude);
    commands +=
        Commands(data_block(
                     block, probe.steps, probe.optimizers.size(), [](std::size_t t) { return std::to_string(t + 1); },
                     [&](std::size_t optimizer, std::size_t t) { return probe.optimizers[optimizer].updates[t][k]; }),
                 "set title ", Text(name), " offset 0,-0.4\nset format x ", number_format(k + 1 == n), "plot ",
                 curves(probe, block, probe.steps), "\n", Page::no_captions());
  }
  return Commands(commands, "unset multiplot\n");
}

Commands response_plot(const Probe& probe, std::size_t k) {
  constexpr int kColumns = 8;
  const Page page((probe.sweep_steps + kColumns - 1) / kColumns, kColumns, 1240, 150);
  const ProbedCoordinate& c = probe.coordinates[k];
  const double left = c.swept.front(), right = c.swept.back();
  // One scale for all panels, which fits the LSTM and ADAM. SGD is a straight line, and may leave the panel.
  double low = 0, high = 0;
  for (const std::size_t optimizer : {0, 1}) {
    for (const std::vector<Real>& curve : probe.optimizers[optimizer].responses[k]) {
      const auto [smallest, largest] = std::minmax_element(curve.begin(), curve.end());
      low = std::min<double>(low, *smallest), high = std::max<double>(high, *largest);
    }
  }
  const double margin = low == high ? 1 : (high - low) / 20;
  low -= margin, high += margin;
  const Tics tics(left, right);
  const std::string title = family(probe.optimizee, probe.options) + format(", coordinate %td: ", c.index) + c.place +
                            ": update against the current gradient";
  Commands commands(page.start(95, 10, 32), page.captions(title, "gradient" + tics.unit()), page.keys(probe, 4),
                    page.key(3, 4, kSeenLine, "gradient seen (←, →: outside)"),
                    "set tics font ',10'\n"
                    "set border 15\n"
                    "set xzeroaxis linecolor '#a0a0a0'\nset yzeroaxis linecolor '#a0a0a0'\nset xrange [",
                    left, ":", right, "]\nset yrange [", low, ":", high, "]\n");
  for (int t = 0; t < probe.sweep_steps; ++t) {
    const Commands block("panel", t);
    const std::string g = to_text(c.gradients[t]);
    const bool leftmost = t % kColumns == 0, lowest = t + kColumns >= probe.sweep_steps;
    commands += Commands(
        data_block(
            block, c.swept.size(), probe.optimizers.size(), [&](std::size_t j) { return to_text(c.swept[j]); },
            [&](std::size_t optimizer, std::size_t j) { return probe.optimizers[optimizer].responses[k][t][j]; }),
        Commands::data("seen", g + " " + to_text(low) + "\n" + g + " " + to_text(high) + "\n"), "set title ",
        Text(format("step %d", t + 1) + seen_outside(c.gradients[t], left, right)), " offset 0,-0.6 font ',11'\n",
        tics.commands(left, right, lowest), "set format y ", number_format(leftmost), "plot ",
        curves(probe, block, c.swept.size()), ", $seen using 1:2 with lines ", kSeenLine, "notitle\n",
        Page::no_captions());
  }
  return Commands(commands, "unset multiplot\n");
}

}  // namespace l2l
