#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/format.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/probe_report.h"
#include "examples/l2l/run/settings.h"
#include "optim/statistics.h"

namespace l2l {
namespace {

/// Optimizers are told apart by colour and by dashes.
Commands line_of(const Proposals& proposals) {
  const Commands dashes = proposals.name == "lstm"   ? Commands("1")
                          : proposals.name == "adam" ? Commands("(16,6)")
                                                     : Commands("(3,3)");
  return Commands("linewidth ", proposals.learning_rate ? 2.0 : 2.4, " linecolor '", colour_of(proposals.name),
                  "' dashtype ", dashes, " ");
}

const char kSeenLine[] = "linewidth 1.2 linecolor '#808080' dashtype 1 ";

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

/// About as many numbers on an axis as it has intervals. Their power of ten goes into the label of the axis.
struct Tics {
  double step;
  int exponent;  // 0 if the numbers are short without one

  Tics(double low, double high, double intervals) {
    const double most = (high - low) / intervals, decade = std::floor(std::log10(most));
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

/// Grey behind the steps of coordinate k at which its gradient has vanished, or is set to 0.
Commands grey_steps(const Probe& probe, std::size_t k) {
  const Drift& drift = probe.optimizers[0].drift;
  const auto vanished = [&](int t) {
    return t >= probe.steps || std::fabs(static_cast<double>(probe.coordinates[k].gradients[t])) < drift.vanished_below;
  };
  Commands commands("unset object\n");
  const int all = probe.steps + probe.silent_steps;
  for (int t = 0, end; t < all; t = end + 1) {
    for (end = t; end < all && vanished(end);) ++end;
    if (end == t) continue;
    commands += Commands("set object rectangle from first ", t + 0.5, ", graph 0 to first ", end + 0.5,
                         ", graph 1 behind fillstyle solid noborder fillcolor '#eeeeee'\n");
  }
  return commands;
}

/// A scale from low to high.
struct Scale {
  double low = 0, high = 0;

  /// So that most of the curves of the LSTM and ADAM for coordinate k at these steps are seen, and 0. SGD's is a
  /// straight line, and may leave the panel.
  Scale(const Probe& probe, std::size_t k, const std::vector<int>& steps) {
    for (const std::size_t optimizer : {0, 1}) {
      std::vector<double> updates;
      for (const int step : steps) {
        const std::vector<Real>& curve = probe.optimizers[optimizer].responses[k][step - 1];
        updates.insert(updates.end(), curve.begin(), curve.end());
      }
      const auto [smallest, largest] = robust_range(std::move(updates));
      low = std::min(low, smallest), high = std::max(high, largest);
    }
    const double margin = low == high ? 1 : (high - low) / 20;
    low -= margin, high += margin;
  }
};

/// What leaves a panel of the scale: "sgd ↑ 0.2" or "lstm ↓ -0.6", with the colour. In a small panel "↓ -0.6" of the
/// LSTM or ADAM alone.
struct Beyond {
  Commands colour;
  std::string text;
};
struct AllBeyond {
  std::vector<Beyond> above, below;

  AllBeyond(const Probe& probe, std::size_t k, int step, const Scale& scale, bool small) {
    for (const Proposals& proposals : probe.optimizers) {
      if (proposals.name == "sgd" && small) continue;
      const std::string name = small ? "" : proposals.name + " ";  // the colour says it too
      const std::vector<Real>& curve = proposals.responses[k][step - 1];
      const auto [smallest, largest] = std::minmax_element(curve.begin(), curve.end());
      if (*largest > scale.high) {
        above.push_back({colour_of(proposals.name), name + format("↑ %.2g", *largest)});
      }
      if (*smallest < scale.low) {
        below.push_back({colour_of(proposals.name), name + format("↓ %.2g", *smallest)});
      }
    }
  }
  /// In the corners of the panel where a curve that goes downhill is not.
  Commands labels(const Commands& font, double line_height) const {
    Commands commands;
    const auto add = [&](const std::vector<Beyond>& lines, double x, double first, double next, const Commands& side) {
      for (std::size_t line = 0; line < lines.size(); ++line) {
        commands += Commands("set label ", Text(lines[line].text), " at graph ", x, ",",
                             first + next * static_cast<double>(line), side, " front font '", font, "' textcolor '",
                             lines[line].colour, "'\n");
      }
    };
    add(above, 0.97, 1 - 0.75 * line_height, -line_height, " right");
    add(below, 0.03, 0.75 * line_height, line_height, " left");
    return commands;
  }
};

/// The panel of one step, but for its title: curves, and a line at the gradient seen.
Commands response_panel(const Probe& probe, std::size_t k, int step, const Scale& scale) {
  const ProbedCoordinate& c = probe.coordinates[k];
  const Commands block("panel", step);
  const std::string seen = to_text(c.gradients[step - 1]);
  return Commands(
      data_block(
          block, c.swept.size(), probe.optimizers.size(), [&](std::size_t j) { return to_text(c.swept[j]); },
          [&](std::size_t optimizer, std::size_t j) { return probe.optimizers[optimizer].responses[k][step - 1][j]; }),
      Commands::data("seen", seen + " " + to_text(scale.low) + "\n" + seen + " " + to_text(scale.high) + "\n"),
      "set yrange [", scale.low, ":", scale.high, "]\nplot $seen using 1:2 with lines ", kSeenLine, "notitle, ",
      curves(probe, block, c.swept.size()), "\n", Page::no_captions());
}

std::string response_title(const Probe& probe, const ProbedCoordinate& c) {
  return family(probe.optimizee, probe.options) + format(", coordinate %td: ", c.index) + c.place +
         ": update proposed for a gradient";
}

const char kResponseAxes[] = "set border 15\nset xzeroaxis linecolor '#a0a0a0'\nset yzeroaxis linecolor '#a0a0a0'\n";

/// Large panels of a few steps, each with a scale of its own.
Commands large_panels(const Probe& probe, std::size_t k) {
  const std::vector<int> steps = few_steps(probe);
  const int n = static_cast<int>(steps.size()), columns = n == 4 ? 2 : std::min(n, 3);
  const Page page((n + columns - 1) / columns, columns, columns == 1 ? 760 : columns * 420, 330);
  const ProbedCoordinate& c = probe.coordinates[k];
  const double left = c.swept.front(), right = c.swept.back();
  const Tics tics(left, right, 4.4);
  Commands commands(
      page.start(100, 84, 78),
      page.captions(response_title(probe, c) + "; each panel has its own scale", "gradient" + tics.unit()),
      page.keys(probe, 4), page.key(3, 4, kSeenLine, "gradient seen"), kResponseAxes, "set xrange [", left, ":", right,
      "]\nset format y '%g'\n", tics.commands(left, right, true));
  for (const int step : steps) {
    const Scale scale(probe, k, {step});
    commands += Commands("set title ", Text(format("step %d", step) + seen_outside(c.gradients[step - 1], left, right)),
                         " offset 0,-0.6\n", AllBeyond(probe, k, step, scale, false).labels(",13", 0.08),
                         response_panel(probe, k, step, scale));
  }
  return Commands(commands, "unset multiplot\n");
}

/// Small panels of all steps, on one scale.
Commands small_panels(const Probe& probe, std::size_t k) {
  constexpr int kColumns = 8;
  const Page page((probe.sweep_steps + kColumns - 1) / kColumns, kColumns, 1240, 150);
  const ProbedCoordinate& c = probe.coordinates[k];
  const double left = c.swept.front(), right = c.swept.back();
  std::vector<int> steps(probe.sweep_steps);
  std::iota(steps.begin(), steps.end(), 1);
  const Scale scale(probe, k, steps);
  const Tics tics(left, right, 2.4);
  Commands commands(page.start(95, 10, 32), page.captions(response_title(probe, c), "gradient" + tics.unit()),
                    page.keys(probe, 4), page.key(3, 4, kSeenLine, "gradient seen (←, →: outside)"),
                    "set tics font ',10'\n", kResponseAxes, "set xrange [", left, ":", right, "]\n");
  for (const int step : steps) {
    const bool leftmost = step % kColumns == 1, lowest = step + kColumns > probe.sweep_steps;
    commands += Commands("set title ", Text(format("step %d", step) + seen_outside(c.gradients[step - 1], left, right)),
                         " offset 0,-0.6 font ',11'\n", tics.commands(left, right, lowest), "set format y ",
                         number_format(leftmost), AllBeyond(probe, k, step, scale, true).labels(",9", 0.16),
                         response_panel(probe, k, step, scale));
  }
  return Commands(commands, "unset multiplot\n");
}

}  // namespace

Commands updates_plot(const Probe& probe) {
  const int n = static_cast<int>(probe.coordinates.size()), all = probe.steps + probe.silent_steps;
  const Page page(n, 1, 1000, 240);
  const std::string title =
      family(probe.optimizee, probe.options) + ": updates of the LSTM, and of ADAM and SGD for the same gradients";
  Commands commands(page.start(115, 0, 42), page.captions(title, "step"), page.keys(probe, 4),
                    page.key(3, 4, "linewidth 14 linecolor '#e4e4e4' ", "no gradient"),
                    "set xzeroaxis linecolor '#a0a0a0'\nset xrange [0:", all, "]\n");
  for (int k = 0; k < n; ++k) {
    const Commands block("panel", k);
    const ProbedCoordinate& c = probe.coordinates[k];
    const std::string name =
        format("coordinate %td: ", c.index) + c.place + format("  (mean |gradient| %.2g)", c.magnitude);
    commands +=
        Commands(data_block(
                     block, all, probe.optimizers.size(), [](std::size_t t) { return std::to_string(t + 1); },
                     [&](std::size_t optimizer, std::size_t t) {
                       const Proposals& p = probe.optimizers[optimizer];
                       return static_cast<int>(t) < probe.steps ? p.updates[t][k] : p.silence[t - probe.steps][k];
                     }),
                 grey_steps(probe, k), "set label 'set to 0' at first ", probe.steps + 1,
                 ", graph 0.93 left\nset title ", Text(name), " offset 0,-0.4\nset format x ",
                 number_format(k + 1 == n), "plot ", curves(probe, block, all), "\n", Page::no_captions());
  }
  return Commands(commands, "unset multiplot\n");
}

Commands response_plot(const Probe& probe, std::size_t k, bool grid) {
  return grid ? small_panels(probe, k) : large_panels(probe, k);
}

}  // namespace l2l
