#include "optim/study/diagnose.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "autodiff/format.h"
#include "optim/statistics.h"

namespace l2l {
namespace {

/// A tenth of the numbers, one at least.
std::size_t tenth(std::span<const double> x) { return std::max<std::size_t>(1, x.size() / 10); }
double mean_of_first_tenth(std::span<const double> x) { return mean(x.first(tenth(x))); }
double mean_of_last_tenth(std::span<const double> x) { return mean(x.last(tenth(x))); }

/// A number of every step of every trace.
template <class Number>
std::vector<double> all(const std::vector<Trace>& traces, Number number) {
  std::vector<double> result;
  for (const Trace& trace : traces) {
    for (const TraceStep& step : trace.steps) result.push_back(number(step));
  }
  return result;
}

/// Mean over the traces at each step, as far as all of them go.
template <class Number>
std::vector<double> curve(const std::vector<Trace>& traces, Number number) {
  std::size_t length = traces.front().steps.size();
  for (const Trace& trace : traces) length = std::min(length, trace.steps.size());
  std::vector<double> result(length);
  for (const Trace& trace : traces) {
    for (std::size_t t = 0; t < length; ++t) result[t] += number(trace.steps[t]) / static_cast<double>(traces.size());
  }
  return result;
}

/// What else may help where more steps were followed than the training had.
const char* const kLonger = ", or for as many steps as are followed";

Finding not_finite(const std::vector<Trace>& traces) {
  for (const Trace& trace : traces) {
    if (trace.not_finite.empty()) continue;
    return {"not finite", false, "the first value that is not finite is " + trace.not_finite,
            "train with a lower learning rate or output scale"};
  }
  return {"not finite", true, "all values are finite", ""};
}

Finding loss_of(const std::vector<double>& losses, bool beyond_training) {
  const std::size_t window = tenth(losses);
  const double start = losses.front(), end = mean_of_last_tenth(losses);
  double best = end;
  for (std::size_t t = 0; t + window <= losses.size(); ++t) {
    best = std::min(best, mean(std::span(losses).subspan(t, window)));
  }
  const bool ok = end <= 1.5 * start && end <= 1.5 * best;
  return {
      "loss",
      ok,
      format("from %.4g to %.4g, at its best %.4g (means over a tenth of the steps)", start, end, best),
      ok ? ""
         : std::string("it grows: train with a lower learning rate or output scale") + (beyond_training ? kLonger : ""),
      {{"start", start}, {"end", end}, {"best", best}}};
}

Finding at_chance(const std::vector<double>& losses, double chance_loss) {
  if (!std::isfinite(chance_loss)) return {"chance loss", true, "these functions have none", ""};
  const double end = mean_of_last_tenth(losses);
  const bool ok = end <= 0.99 * chance_loss;
  return {
      "chance loss",
      ok,
      format("ends at %.4g, the loss at chance is %.4g (ln %.4g)", end, chance_loss, std::exp(chance_loss)),
      ok ? ""
         : "it learned no more than to ignore the data: train with another learning rate or seed, or for more epochs",
      {{"end", end}, {"chance", chance_loss}}};
}

Finding dead_updates(const std::vector<Trace>& traces) {
  const double change = std::accumulate(traces.begin(), traces.end(), 0.0, [](double sum, const Trace& trace) {
    return std::accumulate(trace.steps.begin(), trace.steps.end(), sum,
                           [](double s, const TraceStep& step) { return s + std::abs(step.change); });
  });
  double start = 0;
  for (const Trace& trace : traces) start += std::abs(trace.steps.front().loss);
  const double theta = median(all(traces, [](const TraceStep& s) { return s.median_theta; }));
  const double update = median(all(traces, [](const TraceStep& s) { return s.median_update; }));
  const double reach = change / start;
  const bool ok = !(reach < 0.01);
  return {
      "dead updates",
      ok,
      format("to first order they move the loss, up and down, by %.3g times its start; median |u| %.3g, |theta| %.3g",
             reach, update, theta),
      ok ? ""
         : "the updates are too small to matter: train with a larger output scale, or another learning rate or seed",
      {{"reach", reach}, {"median_update", update}, {"median_theta", theta}}};
}

/// "layer 0", or of several LSTMs "conv layer 0"; and short, "l0" or "conv_l0".
std::string name_of(const TraceStep::Layer& layer) {
  return (layer.group.empty() ? "" : layer.group + " ") + "layer " + std::to_string(layer.index);
}
std::string key_of(const TraceStep::Layer& layer) {
  return (layer.group.empty() ? "" : layer.group + "_") + "l" + std::to_string(layer.index);
}

/// See optim/study/README.md, "What does it do without gradients?"
const char* const kDriftRemedy =
    "it moves parameters that no gradient moves; let it imitate a rule in a part of its training, or begin anchored";
const char* const kOrthogonalRemedy =
    "the orthogonalised momentum of a weight matrix keeps its length long after the last gradient; it fades with the "
    "preprocessing timescales";
const char* const kCountingRemedy =
    "it knows the length of its training: use it for no more steps, or train for as many, and of random lengths";
const char* const kNoLstm = "there is no LSTM";

Finding saturated_gates(const std::vector<Trace>& traces, const Preprocess& preprocess) {
  Finding finding{"saturated gates", true, "", ""};
  const std::vector<TraceStep::Layer>& layers = traces.front().steps.front().layers;
  if (layers.empty()) finding.text = kNoLstm;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    finding.text += (k == 0 ? "" : "; ") + name_of(layers[k]) + ":";
    for (int gate = 0; gate < 4; ++gate) {
      const double share = mean(all(traces, [=](const TraceStep& s) { return s.layers[k].saturated[gate]; }));
      finding.text += format(" %c %.0f%%", "ifgo"[gate], 100 * share);
      finding.numbers.push_back({"ifgo"[gate] + ("_" + key_of(layers[k])), share});
      if (share > 0.95) finding.ok = false;
    }
  }
  if (!finding.ok) {
    const bool logarithm = preprocess.kind == Preprocess::Kind::log_sign;
    finding.remedy = std::string("such gates hardly learn: train with a lower learning rate") +
                     (logarithm ? "" : ", or the log preprocessing");
  }
  return finding;
}

Finding clipped_input(const std::vector<Trace>& traces, const Preprocess& preprocess) {
  if (preprocess.kind != Preprocess::Kind::log_sign) {
    return {"clipped input", true, "the preprocessing has no logarithm", ""};
  }
  const double share = mean(all(traces, [](const TraceStep& s) { return s.clipped; }));
  const bool ok = share <= 0.5;
  return {
      "clipped input",
      ok,
      format("%.0f%% of the gradients are below e^-%g", 100 * share, preprocess.parameter),
      ok ? ""
         : "the optimizer cannot tell their sizes: a larger P of the preprocessing log:P, or a lower learning rate if "
           "theta is huge",
      {{"share", share}}};
}

Finding growing_state(const std::vector<Trace>& traces, bool beyond_training) {
  Finding finding{"growing state", true, "mean |c| at the start, half way and at the end:", ""};
  const std::vector<TraceStep::Layer>& layers = traces.front().steps.front().layers;
  if (layers.empty()) finding.text = kNoLstm;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const std::vector<double> cells = curve(traces, [=](const TraceStep& s) { return s.layers[k].mean_cell; });
    const std::vector<double> largest = all(traces, [=](const TraceStep& s) { return s.layers[k].largest_cell; });
    const double half = cells[cells.size() / 2], top = *std::max_element(largest.begin(), largest.end());
    finding.text += (k == 0 ? " " : "; ") + name_of(layers[k]) +
                    format(": %.3g, %.3g, %.3g (largest %.3g)", cells.front(), half, cells.back(), top);
    finding.numbers.push_back({"half_" + key_of(layers[k]), half});
    finding.numbers.push_back({"end_" + key_of(layers[k]), cells.back()});
    finding.numbers.push_back({"largest_" + key_of(layers[k]), top});
    if (cells.back() > 5 && cells.back() > 1.25 * half) finding.ok = false;
  }
  if (!finding.ok) {
    finding.remedy = std::string("the LSTM counts steps: train with another seed") + (beyond_training ? kLonger : "");
  }
  return finding;
}

}  // namespace

std::vector<Finding> diagnose(const std::vector<Trace>& traces, const CoordinateConfig& config, double chance_loss,
                              int trained_steps) {
  std::vector<Finding> findings = {not_finite(traces)};
  const std::vector<double> losses = curve(traces, [](const TraceStep& s) { return s.loss; });
  if (losses.empty()) return findings;  // nothing went well before
  const bool beyond_training = static_cast<int>(losses.size()) > trained_steps;
  for (const Finding& finding : {loss_of(losses, beyond_training), at_chance(losses, chance_loss), dead_updates(traces),
                                 saturated_gates(traces, config.preprocess), clipped_input(traces, config.preprocess),
                                 growing_state(traces, beyond_training)}) {
    findings.push_back(finding);
  }
  return findings;
}

std::vector<Finding> diagnose_drift(const Drift& d, const CoordinateConfig& config) {
  const bool differs = !(d.counting <= 0.25), more_than_memory = !(d.counting <= 2 * d.memory);
  const bool by_design = config.proposal == Proposal::Kind::anchored && config.decay > 0;
  const bool counts = differs && more_than_memory && !by_design, large = !(d.drift <= 0.1);
  const bool fades = counts && d.fading > 0.15 && d.drift < 1, drifts = large && !fades;
  std::string drift = format("after %d steps of gradient 0, updates are %.2g times the typical %.2g", d.silence / 2,
                             d.drift, d.typical);
  drift += format("; theta wanders by %.3g in %d, and by %.3g in the %d before", d.wandered, d.silence, d.travelled,
                  d.steps);
  if (d.vanished > 0.01) drift += format("; at vanished gradients: %.2g times", d.at_vanished);
  if (large && fades) drift += format("; but they fade, by %.0f%% in so many", 100 * d.fading);
  std::string counting =
      format("to the same gradients %d steps later, updates differ by %.0f%%", d.silence, 100 * d.counting);
  counting += format("; as many steps after others by %.0f%%", 100 * d.memory);
  if (differs && !more_than_memory) counting += ": it remembers them, and does not count";
  if (by_design) counting += format("; by design they fall as (1+t)^-%g", config.decay);
  return {{"drift",
           !drifts,
           drift,
           !drifts                                                  ? ""
           : config.preprocess.kind == Preprocess::Kind::orthogonal ? kOrthogonalRemedy
                                                                    : kDriftRemedy,
           {{"drift", d.drift},
            {"fading", d.fading},
            {"typical_update", d.typical},
            {"wandered", d.wandered},
            {"travelled", d.travelled},
            {"vanished_share", d.vanished},
            {"update_where_vanished", d.at_vanished}}},
          {"step counting",
           !counts,
           counting,
           counts ? kCountingRemedy : "",
           {{"counting", d.counting}, {"memory", d.memory}}}};
}

std::vector<Finding> diagnose_training(const std::vector<double>& losses, const std::vector<double>& norms) {
  if (losses.size() < 2) return {};
  const double start = mean_of_first_tenth(losses), end = mean_of_last_tenth(losses);
  const auto middle = norms.begin() + static_cast<std::ptrdiff_t>(norms.size() / 2);
  const double before = median({norms.begin(), middle}), after = median({middle, norms.end()});
  const bool learned = end <= 0.95 * start, worse = end > 1.05 * start;
  const bool explodes = !(after <= 100 * before), vanishes = after <= 1e-6 * before;
  return {{"training loss",
           learned,
           format("mean loss per step from %.4g to %.4g over %zu epochs", start, end, losses.size()),
           learned ? ""
           : worse ? "training made it worse: a lower learning rate, or another seed"
                   : "training changed nothing: another learning rate or seed, or more epochs",
           {{"start", start}, {"end", end}}},
          {"training gradient",
           !explodes && !vanishes,
           format("median norm %.3g in the first half, %.3g in the second", before, after),
           explodes   ? "it explodes: a lower learning rate, or a shorter unroll"
           : vanishes ? "it vanishes, and nothing more is learned: a lower learning rate, or another seed"
                      : "",
           {{"first_half", before}, {"second_half", after}}}};
}

}  // namespace l2l
