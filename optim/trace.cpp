#include "optim/trace.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/statistics.h"

namespace l2l {
namespace {

double median_size(std::span<const Real> values) {
  std::vector<double> sizes(values.begin(), values.end());
  for (double& size : sizes) size = std::abs(size);
  return median(std::move(sizes));
}

/// The share of values for which a condition holds.
template <class Condition>
double share(std::span<const Real> values, Condition condition) {
  const auto count = std::count_if(values.begin(), values.end(), condition);
  return static_cast<double>(count) / static_cast<double>(values.size());
}

/// "the gradient of 'mlp.0.weight'": the parameter in whose part of `x` something is not finite, or "".
std::string not_finite_in(const std::string& what, const Layout& layout, std::span<const Real> x) {
  const std::string name = layout.first_not_finite(x);
  return name.empty() ? "" : what + " '" + name + "'";
}

TraceStep::Layer look_at(Var gates, Var cell) {
  const double kLogit = std::log(99.0), kTanh = std::atanh(0.99);  // where σ is 0.99, and tanh
  TraceStep::Layer layer;
  const Index H = cell.shape[0];
  for (int gate = 0; gate < 4; ++gate) {
    const double bound = gate == 2 ? kTanh : kLogit;
    const auto saturated = [=](Real x) { return std::abs(x) > bound; };
    layer.saturated[gate] = share(slice(gates, gate * H, H).values(), saturated);
  }
  for (Real c : cell.values()) {
    layer.mean_cell += std::abs(c) / static_cast<double>(cell.size());
    layer.largest_cell = std::max<double>(layer.largest_cell, std::abs(c));
  }
  return layer;
}

/// An optimizer on its way, with its state as values between the steps.
class Tracer {
 public:
  Tracer(const LearnedOptimizer& learned, Optimizee& f) : learned_(learned), f_(f), theta_(f.layout().size()) {
    const LstmConfig& config = learned.model.single().config();
    carried_.assign(2 * config.layers, std::vector<Real>(config.hidden * theta_.size()));
  }

  std::span<Real> theta() { return theta_; }

  /// One step; returns the first thing that is not finite, or "".
  std::string step(TraceStep& seen) {
    const LstmConfig& config = learned_.model.single().config();
    const Index n = static_cast<Index>(theta_.size());
    const double functions = static_cast<double>(f_.functions());
    seen.loss = gradient_(f_, theta_) / functions;
    if (!std::isfinite(seen.loss)) return "the loss";
    const std::string bad = not_finite_in("the gradient of", f_.layout(), gradient_.values());
    if (!bad.empty()) return bad;

    tape_.clear();
    const Var phi = tape_.leaf({learned_.model.layout().size()}, learned_.phi.data());
    const Var x = tape_.constant({config.preprocess.features(), n}, Real(0));
    config.preprocess(gradient_.values(), x.value, n);
    Lstm::State state;
    for (std::size_t k = 0; k < carried_.size(); k += 2) {
      const Shape shape{config.hidden, n};
      state.push_back({tape_.leaf(shape, carried_[k].data()), tape_.leaf(shape, carried_[k + 1].data())});
    }
    Lstm::State next = state;
    const Var u = learned_.model.single()(phi, x, next);
    for (std::size_t k = 0; k < next.size(); ++k) {
      const Var gates = learned_.model.single().lstm().gates(phi, k, k == 0 ? x : next[k - 1].h, state[k].h);
      const std::string of_layer = " of the LSTM's layer " + std::to_string(k);
      if (!all_finite(gates.values())) return "the gates" + of_layer;
      if (!all_finite(next[k].c.values())) return "the state c" + of_layer;
      seen.layers.push_back(look_at(gates, next[k].c));
    }
    if (!all_finite(u.values())) return "the update";

    if (config.preprocess.kind == Preprocess::Kind::log_sign) {
      seen.clipped = share({x.value, static_cast<std::size_t>(n)}, [](Real feature) { return feature == -1; });
    }
    seen.median_theta = median_size(theta_);
    seen.median_update = median_size(u.values());
    for (Index k = 0; k < n; ++k) {
      seen.change += static_cast<double>(u.value[k]) * gradient_.values()[k] / functions;
      theta_[k] += u.value[k];
    }
    for (std::size_t k = 0; k < next.size(); ++k) {
      carried_[2 * k].assign(next[k].h.values().begin(), next[k].h.values().end());
      carried_[2 * k + 1].assign(next[k].c.values().begin(), next[k].c.values().end());
    }
    return not_finite_in("theta's part", f_.layout(), theta_);
  }

 private:
  const LearnedOptimizer& learned_;
  Optimizee& f_;
  std::vector<Real> theta_;
  std::vector<std::vector<Real>> carried_;  // h and c of each layer
  Gradient gradient_;
  Tape tape_;
};

}  // namespace

Trace trace(const LearnedOptimizer& learned, Optimizee& f, int k, const EvaluateOptions& options) {
  if (options.steps < 1) throw UsageError("trace: ", options.steps, " steps, there must be at least 1");
  Trace result;
  Tracer tracer(learned, f);
  Rng rng = draw_function(f, k, options, tracer.theta());
  for (int t = 0; t < options.steps; ++t) {
    f.next_batch(rng);
    TraceStep seen;
    const std::string bad = tracer.step(seen);
    if (!bad.empty()) {
      result.not_finite = bad + " at step " + std::to_string(t);
      return result;
    }
    result.steps.push_back(seen);
  }
  return result;
}

}  // namespace l2l
