#include "examples/l2l/report/probe_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/run/csv_file.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/settings.h"

namespace l2l {
namespace {

/// Where the LSTM's response for coordinate k is steepest, and the slopes of ADAM and SGD there.
struct Response {
  ResponseStep lstm;
  double adam_slope, adam_change, sgd_change;
  bool opposed() const { return lstm.slope * adam_slope < 0; }
};

Response response_at(const Probe& probe, std::size_t k, int step) {
  const std::vector<Real>& swept = probe.coordinates[k].swept;
  const auto curve = [&](std::size_t optimizer) { return probe.optimizers[optimizer].responses[k][step - 1]; };
  const auto change = [](const std::vector<Real>& x) { return static_cast<double>(x.back()) - x.front(); };
  const ResponseStep lstm = steepest(swept, curve(0));
  const std::vector<Real> adam = curve(1);
  double rise = static_cast<double>(adam[lstm.at + 1]) - adam[lstm.at];
  // ADAM's first step has the same length for all gradients. Its rounding errors are not a slope.
  if (std::fabs(rise) <= 4 * std::numeric_limits<Real>::epsilon() * std::fabs(adam[lstm.at])) rise = 0;
  const double run = static_cast<double>(swept[lstm.at + 1]) - swept[lstm.at];
  return {lstm, rise / run, change(adam), change(curve(2))};
}

/// A line of the table with a number for each optimizer.
template <class Number>
std::string row_of(const Probe& p, const std::string& name, Number number) {
  std::string row = format("  %-34s", name.c_str());
  for (const Proposals& proposals : p.optimizers) {
    const double x = number(proposals);
    row += format("  %8s", std::isnan(x) ? "n/a" : format("%.3g", x).c_str());
  }
  return row + "\n";
}

/// What the optimizers do where gradients have vanished or are 0.
std::string drift_table(const Probe& p) {
  const Drift& lstm = p.optimizers[0].drift;
  const int S = lstm.silence;
  std::string table = format("\nwithout gradients%*s", 19, "");
  for (const Proposals& proposals : p.optimizers) table += format("  %8s", proposals.name.c_str());
  table += "\n" + row_of(p, "typical |update|", [](const Proposals& q) { return q.drift.typical; });
  table += row_of(p, format("over it: where |gradient| < %.1g", lstm.vanished_below),
                  [](const Proposals& q) { return q.drift.at_vanished; });
  table += row_of(p, format("  after %d steps of gradient 0", S / 2), [](const Proposals& q) { return q.drift.drift; });
  table +=
      row_of(p, format("theta wanders in %d such steps by", S), [](const Proposals& q) { return q.drift.wandered; });
  return table + format("  (in the %d steps before by %.3g; %.1f %% of the gradients were < %.1g, 1e-5 of their rms)\n",
                        p.steps, lstm.travelled, 100 * lstm.vanished, lstm.vanished_below);
}

}  // namespace

std::vector<int> few_steps(const Probe& probe) {
  std::vector<int> steps;
  for (int step = 1; step <= probe.sweep_steps; step *= 2) steps.push_back(step);
  return steps;
}

std::string updates_csv(const Probe& probe) {
  std::string csv = kProbeHeader;
  for (std::size_t k = 0; k < probe.coordinates.size(); ++k) {
    const ProbedCoordinate& coordinate = probe.coordinates[k];
    for (int t = 0; t < probe.steps; ++t) {
      csv += std::to_string(coordinate.index) + "," + std::to_string(t + 1) + "," + to_text(coordinate.gradients[t]);
      for (const Proposals& proposals : probe.optimizers) csv += "," + to_text(proposals.updates[t][k]);
      csv += "\n";
    }
  }
  return csv;
}

std::string response_csv(const Probe& probe) {
  std::string csv = kProbeHeader;
  for (std::size_t k = 0; k < probe.coordinates.size(); ++k) {
    const ProbedCoordinate& coordinate = probe.coordinates[k];
    for (int t = 0; t < probe.sweep_steps; ++t) {
      for (std::size_t j = 0; j < coordinate.swept.size(); ++j) {
        csv += std::to_string(coordinate.index) + "," + std::to_string(t + 1) + "," + to_text(coordinate.swept[j]);
        for (const Proposals& proposals : probe.optimizers) csv += "," + to_text(proposals.responses[k][t][j]);
        csv += "\n";
      }
    }
  }
  return csv;
}

std::string probe_json(const Probe& p) {
  nlohmann::ordered_json json;
  json["optimizee"] = p.optimizee;
  json["options"] = p.options;
  json["trained_on"] = p.trained_on;
  json["trained_steps"] = p.trained_steps;
  json["function"] = p.function;
  json["seed"] = p.seed;
  json["steps"] = p.steps;
  json["sweep_steps"] = p.sweep_steps;
  for (const Proposals& proposals : p.optimizers) {
    auto& entry = json["optimizers"][proposals.name];
    if (proposals.learning_rate) {
      entry["learning_rate"] = *proposals.learning_rate;
      entry["learning_rate_from"] = proposals.rate_source;
    }
    entry["autocorrelation_lag"] = proposals.lag;  // nlohmann writes null for what is not finite
    const Drift& drift = proposals.drift;
    entry["drift"] = {{"typical_update", drift.typical},
                      {"vanished_share", drift.vanished},
                      {"vanished_below", drift.vanished_below},
                      {"update_where_vanished", drift.at_vanished},
                      {"silence", drift.silence},
                      {"drift", drift.drift},
                      {"fading", drift.fading},
                      {"counting", drift.counting},
                      {"memory", drift.memory},
                      {"wandered", drift.wandered},
                      {"travelled", drift.travelled}};
  }
  json["sampled_coordinates"] = p.sampled;
  json["opposed_to_adam"] = p.opposed_to_adam;
  json["median_ratio_to_adam"] = p.over_adam;
  json["median_ratio_to_sgd"] = p.over_sgd;
  for (std::size_t k = 0; k < p.coordinates.size(); ++k) {
    const ProbedCoordinate& c = p.coordinates[k];
    nlohmann::ordered_json entry;
    entry["coordinate"] = c.index;
    entry["place"] = c.place;
    entry["mean_gradient_magnitude"] = c.magnitude;
    entry["swept"] = {c.swept.front(), c.swept.back()};
    for (const Proposals& proposals : p.optimizers) {
      auto& silence = entry["updates_without_gradient"][proposals.name];
      for (const std::vector<Real>& update : proposals.silence) silence.push_back(update[k]);
    }
    for (const int step : few_steps(p)) {
      const Response r = response_at(p, k, step);
      entry["responses"].push_back({{"step", step},
                                    {"steepest_at", r.lstm.gradient},
                                    {"slope", r.lstm.slope},
                                    {"adam_slope_there", r.adam_slope},
                                    {"opposed_to_adam", r.opposed()},
                                    {"change", r.lstm.change},
                                    {"adam_change", r.adam_change},
                                    {"sgd_change", r.sgd_change}});
    }
    json["coordinates"].push_back(entry);
  }
  json["losses"] = p.losses;
  return json_text(json);
}

Probed read_probed(const std::filesystem::path& file, const std::string& remedy) {
  return read_json(file, "damaged, or not written by l2l probe: ", remedy, [](const JsonObject& json) {
    Probed probed;
    probed.steps = json.number<int>("steps", kCountOrNone);
    probed.sweep_steps = json.number<int>("sweep_steps", kCountOrNone);
    for (const char* rule : {"adam", "sgd"}) {
      probed.rates[rule] = json.object("optimizers").object(rule).number<double>("learning_rate", kPositive);
    }
    for (const JsonObject& entry : json.objects("coordinates")) {
      probed.places[entry.number<int>("coordinate", kNotNegative)] = entry.text("place");
    }
    return probed;
  });
}

void check_probe_csv(const std::filesystem::path& file, const Probed& probed, int steps, const std::string& remedy) {
  const std::string text = read_text(file);
  try {
    std::map<std::pair<Index, int>, int> rows;
    for (const CsvRow& row : read_csv(text, kProbeHeader)) {
      const int coordinate = row.count(0), step = row.count(1);
      if (!probed.places.contains(coordinate) || step < 1 || step > steps) {
        throw Error("line ", row.number, " is about coordinate ", coordinate, " at step ", step, ", not probed");
      }
      for (const std::size_t column : {2, 3, 4, 5}) row.at(column);
      ++rows[{coordinate, step}];
    }
    const bool equal = std::all_of(rows.begin(), rows.end(), [&](auto& r) { return r.second == rows.begin()->second; });
    if (!equal || rows.size() != probed.places.size() * steps) throw Error("rows are missing");
  } catch (const Error& error) {
    throw Error(file.string(), ": damaged, or not written by l2l probe: ", error.what(), remedy);
  }
}

std::string probe_table(const Probe& p) {
  const std::string losses =
      format("loss %.4g at the start, %.4g after step %d", p.losses[0], p.losses[p.steps], p.steps);
  std::string table = family(p.optimizee, p.options) + ", function " + std::to_string(p.function) + " of seed " +
                      std::to_string(p.seed) + ": " + losses + "\n";
  for (const Proposals& proposals : p.optimizers) {
    if (!proposals.learning_rate) continue;
    table += format("learning rate of %-4s  %.4g (%s)\n", proposals.name.c_str(), *proposals.learning_rate,
                    proposals.rate_source.c_str());
  }
  table += format("\nover %td of %td coordinates and %d steps\n", p.sampled, p.size, p.steps) +
           format("  the lstm's update opposes adam's    %8.1f %%\n", 100 * p.opposed_to_adam) +
           format("  median |lstm| / |adam|              %8.3g\n", p.over_adam) +
           format("  median |lstm| / |sgd|               %8.3g\n", p.over_sgd) +
           "  autocorrelation falls to 1/e at     ";
  for (const Proposals& proposals : p.optimizers) {
    const std::string lag = std::isnan(proposals.lag) ? "n/a" : format("%.2f", proposals.lag);
    table += format(" %7s (%s)", lag.c_str(), proposals.name.c_str());
  }
  table += " steps\n";
  table += drift_table(p);
  for (std::size_t k = 0; k < p.coordinates.size(); ++k) {
    const ProbedCoordinate& c = p.coordinates[k];
    table += format("\ncoordinate %td: %s, mean |gradient| %.3g\n", c.index, c.place.c_str(), c.magnitude);
    if (p.sweep_steps == 0) continue;
    table += format("  swept from %.3g to %.3g\n", static_cast<double>(c.swept.front()),
                    static_cast<double>(c.swept.back()));
    table += "  step  lstm steepest at  its slope  adam's slope there  change of lstm        adam         sgd\n";
    for (const int step : few_steps(p)) {
      const Response r = response_at(p, k, step);
      table += format("  %4d  %16.3g %10.3g  %10.3g%-8s  %14.3g  %10.3g  %10.3g\n", step, r.lstm.gradient, r.lstm.slope,
                      r.adam_slope, r.opposed() ? " opposed" : "", r.lstm.change, r.adam_change, r.sgd_change);
    }
  }
  if (p.sweep_steps > 0)
    table += "\nopposed: with a larger gradient the lstm's update grows where adam's shrinks, or vice versa\n";
  return table;
}

}  // namespace l2l
