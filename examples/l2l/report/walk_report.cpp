#include "examples/l2l/report/walk_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "autodiff/format.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/settings.h"

namespace l2l {

double loss_cap(const Walk& walk) { return 10 * std::abs(walk.paths[0].losses[0]); }

PlaneGrid grid_around(const Walk& walk, int columns) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity(), kAspect = 4.0 / 3, kMargin = 0.08;
  std::array<double, 2> low = {kInfinity, kInfinity}, high = {-kInfinity, -kInfinity};
  const auto include = [&](const std::array<double, 2>& point) {
    for (const int k : {0, 1}) low[k] = std::min(low[k], point[k]), high[k] = std::max(high[k], point[k]);
  };
  for (const std::array<double, 2>& point : walk.minima) include(point);
  for (const WalkPath& path : walk.paths) {
    for (std::size_t t = 0; t < path.points.size(); ++t) {
      if (t == 0 || path.losses[t] <= loss_cap(walk)) include(path.points[t]);
    }
  }
  const std::array<double, 2> middle = {(low[0] + high[0]) / 2, (low[1] + high[1]) / 2};
  double height = std::max(high[1] - low[1], (high[0] - low[0]) / kAspect);
  if (height == 0) height = 1;  // nothing moved
  height *= 1 + 2 * kMargin;
  const double width = kAspect * height;
  return {{middle[0] - width / 2, middle[0] + width / 2},
          {middle[1] - height / 2, middle[1] + height / 2},
          columns,
          std::max(2, static_cast<int>(std::lround(columns / kAspect)))};
}

std::string walk_csv(const Walk& walk) {
  std::string csv = "optimizer,step,x,y,loss\n";
  for (const WalkPath& path : walk.paths) {
    for (std::size_t t = 0; t < path.points.size(); ++t) {
      csv += path.name + "," + std::to_string(t) + "," + to_text(path.points[t][0]) + "," + to_text(path.points[t][1]) +
             "," + to_text(path.losses[t]) + "\n";
    }
  }
  return csv;
}

std::string walk_json(const Walk& walk) {
  nlohmann::ordered_json json;
  json["optimizee"] = walk.optimizee;
  json["options"] = walk.options;
  json["trained_on"] = walk.trained_on;
  json["trained_steps"] = walk.trained_steps;
  json["function"] = walk.function;
  json["seed"] = walk.seed;
  json["steps"] = walk.steps;
  json["criterion"] = name_of(walk.criterion);
  json["tune_functions"] = walk.tune_functions;
  json["kind"] = walk.plane ? "plane" : "coordinates";
  json["filter_normalised"] = walk.filter_normalised;
  json["axes"] = walk.axes;
  json["batches"] = walk.batches;
  json["x"] = {walk.grid.x.low, walk.grid.x.high};
  json["y"] = {walk.grid.y.low, walk.grid.y.high};
  json["columns"] = walk.grid.columns;
  json["rows"] = walk.grid.rows;
  json["grid"] = walk.losses;  // nlohmann writes null for what is not finite
  json["minima"] = walk.minima;
  for (const WalkPath& path : walk.paths) {
    nlohmann::ordered_json entry;
    entry["name"] = path.name;
    entry["rate"] = nullptr;
    if (path.learning_rate) entry["rate"] = *path.learning_rate;
    std::vector<std::array<double, 2>> points = path.points;
    constexpr double kNowhere = std::numeric_limits<double>::quiet_NaN();
    points.resize(path.losses.size(), {kNowhere, kNowhere});
    entry["points"] = points;
    entry["losses"] = path.losses;
    if (walk.plane) entry["outside"] = path.outside;
    json["paths"].push_back(entry);
  }
  return json_text(json);
}

std::string walk_table(const Walk& walk) {
  std::string table =
      family(walk.optimizee, walk.options) + ", function " + std::to_string(walk.function) + " of seed " +
      std::to_string(walk.seed) +
      format(": loss %.4g at the start\n\noptimizer      learning rate   %s   lowest loss", walk.paths[0].losses[0],
             format("%19s", format("loss at step %d", walk.steps).c_str()).c_str());
  table += walk.plane ? "   outside of the plane\n" : "\n";
  for (const WalkPath& path : walk.paths) {
    const double lowest = *std::min_element(path.losses.begin(), path.losses.end());
    table += format("%-14s ", path.name.c_str());
    table += path.learning_rate ? format("%13.4g", *path.learning_rate) : format("%13s", "learned");
    table += format("   %19.4g %11.4g", path.losses.back(), lowest);
    if (walk.plane) table += format("   %18.0f %%", 100 * path.outside);
    table += "\n";
  }
  if (walk.plane) {
    table += "the plane is that through the start and the ends of " + walk.axes[0] + " and " + walk.axes[1];
    table += walk.filter_normalised ? ", each direction filter-normalised\n" : "\n";
    table += "outside: root mean square distance of a path from the plane, as a part of that from the start\n";
  }
  return table;
}

}  // namespace l2l
