#include <algorithm>
#include <cmath>

#include "autodiff/format.h"
#include "examples/l2l/plot.h"
#include "examples/l2l/probe_report.h"
#include "examples/l2l/settings.h"

namespace l2l {
namespace {

std::string line_of(const Proposals& proposals) {
  return std::string("linewidth ") + (proposals.learning_rate ? "1.7" : "2.2") + " linecolor '" +
         colour_of(proposals.name) + "' ";
}

const char* const kSeenLine = "linewidth 1.2 linecolor '#404040' dashtype 2 ";

/// Lines "x lstm adam sgd".
template <class X, class Update>
std::string data_block(const std::string& name, std::size_t rows, std::size_t optimizers, X x, Update update) {
  std::string block = name + " << END\n";
  for (std::size_t row = 0; row < rows; ++row) {
    block += x(row);
    for (std::size_t k = 0; k < optimizers; ++k) block += " " + to_text(update(k, row));
    block += "\n";
  }
  return block + "END\n";
}

/// The curves of a data block. The last drawn lies on top: the LSTM's.
std::string curves(const Probe& probe, const std::string& block, std::size_t points) {
  std::string list;
  for (std::size_t k = probe.optimizers.size(); k-- > 0;) {
    list += (list.empty() ? "" : ", ") + block + " using 1:" + std::to_string(k + 2) + curve_style(points) +
            line_of(probe.optimizers[k]) + "notitle";
  }
  return list;
}

/// Where the panel from `left` to `right` has no room for the line of the gradient seen: its number, on its side.
std::string seen_outside(double gradient, double left, double right) {
  if (gradient < left) return format("  ← %.2g", gradient);
  return gradient > right ? format("  %.2g →", gradient) : "";
}

/// A page of panels that share their axes. Lengths are in pixels.
struct Page {
  static constexpr int kTop = 96, kBottom = 68;
  int width, height, rows, columns;

  Page(int rows, int columns, int width, int panel_height)
      : width(width), height(rows * panel_height + kTop + kBottom), rows(rows), columns(columns) {}

  std::string start(int left, int gap_x, int gap_y) const {
    return format("set terminal pngcairo size %d,%d font 'Sans,13' background '#ffffff'\n", width, height) +
           format("set multiplot layout %d,%d margins screen %.4f,%.4f,%.4f,%.4f spacing screen %.4f,%.4f\n", rows,
                  columns, x(left), x(width - 20), y(kBottom), y(height - kTop), x(gap_x), y(gap_y));
  }
  /// What stands on the page once, around its panels: to be drawn with the first one.
  std::string captions(const std::string& title, const std::string& x_label) const {
    return "set label " + literal(title) + format(" at screen 0.5,%.4f center noenhanced\n", y(height - 18)) +
           "set label " + literal(x_label) + format(" at screen 0.5,%.4f center noenhanced\n", y(16)) +
           format("set label 'update' at screen %.4f,%.4f center rotate\n", x(14), y((height - kTop + kBottom) / 2));
  }
  /// Likewise a key, the `slot`-th of `slots` side by side. gnuplot's own would not be wider than a panel.
  std::string key(int slot, int slots, const std::string& line, const std::string& text) const {
    const int start = width / 2 + (2 * slot - slots) * 112, middle = height - 46;
    return format("set arrow from screen %.4f,%.4f to screen %.4f,%.4f nohead ", x(start), y(middle), x(start + 34),
                  y(middle)) +
           line + "\nset label " + literal(text) + format(" at screen %.4f,%.4f left\n", x(start + 42), y(middle));
  }
  /// The keys of the optimizers, in the first of `slots`.
  std::string keys(const Probe& probe, int slots) const {
    std::string commands;
    for (int k = 0; k < static_cast<int>(probe.optimizers.size()); ++k) {
      const Proposals& p = probe.optimizers[k];
      const std::string what = p.learning_rate ? format(" (rate %.2g)", *p.learning_rate) : " (learned)";
      commands += key(k, slots, line_of(p), p.name + what);
    }
    return commands;
  }
  /// After the first panel.
  static std::string no_captions() { return "unset label\nunset arrow\n"; }

 private:
  double x(int pixels) const { return static_cast<double>(pixels) / width; }
  double y(int pixels) const { return static_cast<double>(pixels) / height; }
};

/// Two or three numbers on an axis that is too short for more; their power of ten goes into the axis' name.
struct Tics {
  double step;
  int exponent;  // 0 where numbers are short without one

  Tics(double low, double high) {
    const double most = (high - low) / 2.4, decade = std::floor(std::log10(most));
    step = 0;
    for (const double digit : {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}) {
      if (digit <= most / std::pow(10, decade)) step = digit * std::pow(10, decade);
    }
    exponent = std::fabs(decade) > 2 ? static_cast<int>(decade) : 0;
  }
  std::string commands(double low, double high, bool with_numbers) const {
    std::string list;
    const long last = std::lround(std::floor(high / step));
    for (long k = std::lround(std::ceil(low / step)); k <= last; ++k) {
      const double at = static_cast<double>(k) * step;
      const std::string number = with_numbers ? format("%.4g", at / std::pow(10, exponent)) : "";
      list += (list.empty() ? "'" : ", '") + number + format("' %.9g", at);
    }
    return "set xtics (" + list + ")\n";
  }
  std::string unit() const { return exponent == 0 ? "" : format(" (in units of 1e%d)", exponent); }
};

}  // namespace

std::string updates_plot(const Probe& probe) {
  const int n = static_cast<int>(probe.coordinates.size());
  const Page page(n, 1, 1000, 240);
  const std::string title =
      family(probe.optimizee, probe.options) + ": updates of the LSTM, and of ADAM and SGD for the same gradients";
  std::string commands = page.start(115, 0, 42) + page.captions(title, "step") + page.keys(probe, 3) +
                         "set xzeroaxis linecolor '#a0a0a0'\n" + format("set xrange [0:%d]\n", probe.steps);
  for (int k = 0; k < n; ++k) {
    const std::string block = "$panel" + std::to_string(k);
    const ProbedCoordinate& c = probe.coordinates[k];
    commands +=
        data_block(
            block, probe.steps, probe.optimizers.size(), [](std::size_t t) { return std::to_string(t + 1); },
            [&](std::size_t optimizer, std::size_t t) { return probe.optimizers[optimizer].updates[t][k]; }) +
        "set title " +
        literal(format("coordinate %td: ", c.index) + c.place + format("  (mean |gradient| %.2g)", c.magnitude)) +
        " offset 0,-0.4 noenhanced\nset format x '" + (k + 1 == n ? "%g" : "") + "'\n" + "plot " +
        curves(probe, block, probe.steps) + "\n" + Page::no_captions();
  }
  return commands + "unset multiplot\n";
}

std::string response_plot(const Probe& probe, std::size_t k) {
  constexpr int kColumns = 8;
  const Page page((probe.sweep_steps + kColumns - 1) / kColumns, kColumns, 1240, 150);
  const ProbedCoordinate& c = probe.coordinates[k];
  const double left = c.swept.front(), right = c.swept.back();
  // One scale for all panels, for the LSTM and ADAM. SGD is a line wherever it leaves the panel.
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
  std::string commands = page.start(95, 10, 32) + page.captions(title, "gradient" + tics.unit()) + page.keys(probe, 4) +
                         page.key(3, 4, kSeenLine, "gradient seen (←, →: outside)") +
                         "set tics font ',10'\n"
                         "set border 15\n" +
                         "set xzeroaxis linecolor '#a0a0a0'\nset yzeroaxis linecolor '#a0a0a0'\n" + "set xrange [" +
                         to_text(left) + ":" + to_text(right) + "]\n" + "set yrange [" + to_text(low) + ":" +
                         to_text(high) + "]\n";
  for (int t = 0; t < probe.sweep_steps; ++t) {
    const std::string block = "$panel" + std::to_string(t), g = to_text(c.gradients[t]);
    const bool leftmost = t % kColumns == 0, lowest = t + kColumns >= probe.sweep_steps;
    commands +=
        data_block(
            block, c.swept.size(), probe.optimizers.size(), [&](std::size_t j) { return to_text(c.swept[j]); },
            [&](std::size_t optimizer, std::size_t j) { return probe.optimizers[optimizer].responses[k][t][j]; }) +
        "$seen << END\n" + g + " " + to_text(low) + "\n" + g + " " + to_text(high) + "\nEND\n" + "set title " +
        literal(format("step %d", t + 1) + seen_outside(c.gradients[t], left, right)) + " offset 0,-0.6 font ',11'\n" +
        tics.commands(left, right, lowest) + "set format y '" + (leftmost ? "%g" : "") + "'\nplot " +
        curves(probe, block, c.swept.size()) + ", $seen using 1:2 with lines " + kSeenLine + "notitle\n" +
        Page::no_captions();
  }
  return commands + "unset multiplot\n";
}

}  // namespace l2l
