#include <algorithm>
#include <cmath>

#include "autodiff/format.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/walk_report.h"
#include "examples/l2l/run/settings.h"

namespace l2l {
namespace {

constexpr int kContours = 14;

/// From the lowest to the highest contour line, as logarithms to base 10.
struct LogRange {
  double low, high;
};

/// Of the grid's losses, up to the cap; if some are 0 or less, down to a millionth of the highest.
LogRange log_range(const Walk& walk) {
  double low = loss_cap(walk), high = 0;
  for (const double loss : walk.losses) {
    if (!(loss <= loss_cap(walk))) continue;  // NaN too
    high = std::max(high, loss);
    low = std::min(low, loss);
  }
  if (!(high > 0)) return {0, 1};  // no line is drawn
  return {std::log10(std::max(low, high / 1e6)), std::log10(high)};
}

/// Lines of "x y log10(loss)", with an empty one after each row, limited to the range: what is beyond it is drawn
/// without lines.
std::string grid_lines(const Walk& walk, const LogRange& range) {
  std::string lines;
  for (int row = 0; row < walk.grid.rows; ++row) {
    for (int column = 0; column < walk.grid.columns; ++column) {
      const double loss = walk.losses[static_cast<std::size_t>(row) * walk.grid.columns + column];
      const double z = loss > 0 ? std::log10(loss) : range.low;
      const double limited = std::isnan(loss) ? range.high + 1 : std::clamp(z, range.low, range.high + 1);
      lines +=
          to_text(walk.grid.column_x(column)) + " " + to_text(walk.grid.row_y(row)) + " " + to_text(limited) + "\n";
    }
    lines += "\n";
  }
  return lines;
}

/// The contour lines as the data block $contours.
Commands contours(const Walk& walk, const LogRange& range) {
  Commands levels;
  for (int k = 0; k < kContours; ++k) {
    levels +=
        Commands(k == 0 ? Commands() : Commands(","), range.low + (range.high - range.low) * (k + 0.5) / kContours);
  }
  return Commands(Commands::data("grid", grid_lines(walk, range)),
                  "set contour base\nunset surface\nset cntrparam levels discrete ", levels,
                  "\nset table $contours\nsplot $grid using 1:2:3\nunset table\nset surface\nunset contour\n");
}

/// How they are drawn: dark where the loss is low. By a function of its own, as a GIF has no room for a palette beside
/// other colours.
Commands contour_style(const LogRange& range) {
  const double span = std::max(range.high - range.low, 1e-6);
  return Commands("shade(z) = 0x10101 * int(110 + 112 * (z - ", range.low, ") / ", span, ")\n");
}

/// The same shades, with numbers, for a picture.
Commands colour_box(const LogRange& range) {
  const double top = std::max(range.high, range.low + 1e-6);
  Commands tics;
  for (int k = 0; k < 4; ++k) {
    const double at = range.low + (top - range.low) * k / 3;
    tics += Commands(tics.empty() ? Commands() : Commands(", "), Text(format("%.2g", std::pow(10, at))), " ", at);
  }
  return Commands("set palette defined (0 '#6e6e6e', 1 '#dedede')\nset cbrange [", range.low, ":", top,
                  "]\nset colorbox user origin screen 0.74,0.14 size screen 0.018,0.26\nset cbtics (", tics,
                  ")\nset label 'contour lines: loss' at screen 0.735,0.43 left\n");
}

/// Where the paths are, as data blocks $path0, $path1 …
Commands path_data(const Walk& walk) {
  Commands data;
  for (std::size_t k = 0; k < walk.paths.size(); ++k) {
    std::string lines;
    for (const std::array<double, 2>& point : walk.paths[k].points) {
      lines += to_text(point[0]) + " " + to_text(point[1]) + "\n";
    }
    data += Commands::data(Commands("path", k), lines);
  }
  std::string minima;
  for (const std::array<double, 2>& point : walk.minima) minima += to_text(point[0]) + " " + to_text(point[1]) + "\n";
  return walk.minima.empty() ? data : Commands(data, Commands::data("minima", minima));
}

std::string axis_label(const Walk& walk, int k) {
  if (!walk.plane) return walk.axes[k];
  const std::string to = "the end of " + walk.axes[k];
  if (walk.filter_normalised) return (k == 0 ? "x: towards " : "y: towards ") + to + ", filter-normalised";
  return k == 0 ? "distance from the start, towards " + to : "orthogonal to that, towards " + to;
}

/// "adam: 0.0123", the loss at a step; in a plane "adam: 0.0123 (30 %)", with how much is outside.
std::string entry(const Walk& walk, const WalkPath& path, int step) {
  const std::string text = path.name + format(": %.3g", path.losses[step]);
  return walk.plane ? text + format(" (%.0f %%)", 100 * path.outside) : text;
}

/// The page: the plane at the left, 4 wide and 3 high, and the key at the right. Lengths are in pixels.
Commands page(const Walk& walk, int width, int height, int left, int top, int plane_width) {
  const auto x = [=](double pixels) { return pixels / width; };
  const auto y = [=](double pixels) { return 1 - pixels / height; };
  const int right = left + plane_width, bottom = top + plane_width * 3 / 4;
  const std::string name = family(walk.optimizee, walk.options);
  const std::string which = "function " + std::to_string(walk.function) + " of seed " + std::to_string(walk.seed);
  return Commands(
      "set lmargin at screen ", x(left), "\nset rmargin at screen ", x(right), "\nset tmargin at screen ", y(top),
      "\nset bmargin at screen ", y(bottom), "\nset xrange [", walk.grid.x.low, ":", walk.grid.x.high,
      "]\nset yrange [", walk.grid.y.low, ":", walk.grid.y.high, "]\nunset grid\nset border 15\nset title ", Text(name),
      name.size() > 30 ? Commands(" . \":\\n\" . ") : Commands(" . ': ' . "), Text(which), "\nset xlabel ",
      Text(axis_label(walk, 0)), "\nset ylabel ", Text(axis_label(walk, 1)), "\nset key at screen ", x(right + 20), ",",
      y(top), " left top vertical Left reverse noautotitle", " samplen 2 spacing 1.3\n");
}

/// The paths up to a step, the learned optimizer's on top, and above all paths a dot where each is then.
Commands paths_to(const Walk& walk, int step, const Commands& besides = {}) {
  Commands plots("plot $contours using 1:2:(shade($3)) with lines linewidth 1.2 linecolor rgb variable");
  Commands ends;
  for (std::size_t j = walk.paths.size(); j-- > 0;) {
    const WalkPath& path = walk.paths[j];
    const int last = std::min(step, static_cast<int>(path.points.size()) - 1);
    const Commands colour(" linecolor '", colour_of(path.name), "' ");
    plots += Commands(", $path", j, " every ::0::", last, " using 1:2 with linespoints pointtype 7 pointsize ",
                      path.learning_rate ? 0.3 : 0.4, " linewidth ", path.learning_rate ? 1.6 : 2.2, colour);
    ends += Commands(", $path", j, " every ::", last, "::", last, " using 1:2 with points pointtype 7 pointsize 1.5",
                     colour);
  }
  plots += ends;
  // For the key, in the order of the paths: they are drawn the other way round.
  for (const WalkPath& path : walk.paths) {
    plots += Commands(", NaN with linespoints pointtype 7 linewidth ", path.learning_rate ? 1.6 : 2.2, " linecolor '",
                      colour_of(path.name), "' title ", Text(entry(walk, path, step)));
  }
  plots += Commands(
      ", $path0 every ::0::0 using 1:2 with points pointtype 6 pointsize 1.8 linewidth 2 "
      "linecolor '#000000' title 'start'");
  if (!walk.minima.empty()) {
    plots +=
        Commands(", $minima using 1:2 with points pointtype 3 pointsize 1.8 linewidth 2 linecolor '#000000' title ",
                 walk.minima.size() == 1 ? Commands("'minimum'") : Commands("'minima'"));
  }
  return Commands("set key title ", Text("loss at step " + std::to_string(step)),
                  walk.plane ? Commands(" . \"\\n\" . '(part outside of the plane)'") : Commands(), " left\n", plots,
                  besides, "\n");
}

}  // namespace

Commands walk_plot(const Walk& walk) {
  const LogRange range = log_range(walk);
  // Only the box needs the palette: a plot of nothing shows it.
  return Commands("set terminal pngcairo noenhanced size 1000,640 font 'Sans,13' background '#ffffff'\n",
                  contours(walk, range), contour_style(range), path_data(walk), page(walk, 1000, 640, 90, 60, 616),
                  colour_box(range), paths_to(walk, walk.steps, Commands(", NaN with points palette")));
}

Commands walk_animation(const Walk& walk, int frames) {
  const LogRange range = log_range(walk);
  Commands pictures;
  const int moves = std::clamp(frames - 1, 1, walk.steps);
  for (int k = 0; k <= moves; ++k) {
    pictures += paths_to(walk, static_cast<int>(std::lround(static_cast<double>(walk.steps) * k / moves)));
  }
  return Commands("set terminal gif animate delay ", kFrameTime,
                  " loop 0 noenhanced size 800,500 font 'Sans,11' background '#ffffff'\n", contours(walk, range),
                  contour_style(range), path_data(walk), page(walk, 800, 500, 75, 50, 500), pictures);
}

}  // namespace l2l
