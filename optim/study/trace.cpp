#include "optim/study/trace.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/groups.h"
#include "optim/learned/feature_history.h"
#include "optim/rules.h"
#include "optim/statistics.h"

namespace l2l {
namespace {

double median_size(std::span<const Real> values) {
  std::vector<double> sizes(values.begin(), values.end());
  for (double& size : sizes) size = std::abs(size);
  return median(std::move(sizes));
}

/// The share of values for which a condition holds; 0 of none.
template <class Condition>
double share(std::span<const Real> values, Condition condition) {
  if (values.empty()) return 0;
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

/// A part of an optimizer on its way, with its state as values between the steps.
class TracedPart {
 public:
  TracedPart(const OptimizerModel::Part& part, const Layout& layout) : part_(part), update_(layout.size()) {
    if (const CoordinateModel* lstm = part.model()) {
      kept_.emplace(lstm->lstm(), layout.size());
      features_.emplace(lstm->config().preprocess, layout);
    } else {
      rule_ = std::get<FixedRule>(part.optimizer).make();
      rule_->reset(layout);
    }
  }

  std::span<const Real> update() const { return update_; }
  /// How many of the last gradients had a logarithm that the LSTM could have seen, and how many of these it did not.
  Index logarithms() const { return logarithms_; }
  Index clipped() const { return clipped_; }

  /// The update for these gradients; returns the first thing that is not finite, or "".
  std::string step(Tape& tape, Var phi, std::span<const Real> gradient, TraceStep& seen) {
    if (!part_.model()) {
      std::fill(update_.begin(), update_.end(), Real(0));
      rule_->step(gradient, update_);
      return not_finite_update();
    }
    const CoordinateModel& model = *part_.model();
    const CoordinateConfig& config = model.config();
    const Index n = static_cast<Index>(gradient.size());
    const Var x = (*features_)(tape, gradient);
    if (config.preprocess.kind == Preprocess::Kind::log_sign) {
      logarithms_ = n;
      clipped_ = std::count(x.value, x.value + n, Real(-1));
    }
    Lstm::State state;
    kept_->restore(tape, state);
    Lstm::State next = state;
    const Var weights = part_.weights(phi), u = model(weights, x, next);
    const Var below = next.empty() ? Var{} : model.dense()(weights, x);  // what the LSTM gets
    for (std::size_t k = 0; k < next.size(); ++k) {
      const Var gates = model.lstm().gates(weights, k, k == 0 ? below : next[k - 1].h, state[k].h);
      const std::string of_layer = " of the LSTM's layer " + std::to_string(k) + for_group();
      if (!all_finite(gates.values())) return "the gates" + of_layer;
      if (!all_finite(next[k].c.values())) return "the state c" + of_layer;
      TraceStep::Layer& layer = seen.layers.emplace_back(look_at(gates, next[k].c));
      layer.group = part_.group;
      layer.index = static_cast<int>(k);
    }
    std::copy(u.values().begin(), u.values().end(), update_.begin());
    kept_->keep(next);
    return not_finite_update();
  }

 private:
  std::string for_group() const { return part_.group.empty() ? "" : " for the group '" + part_.group + "'"; }
  std::string not_finite_update() const { return all_finite(update_) ? "" : "the update" + for_group(); }

  const OptimizerModel::Part& part_;
  std::vector<Real> update_;
  std::optional<Lstm::Kept> kept_;  // the state of one that learns,
  std::optional<FeatureHistory> features_;  // and what its features remember
  std::unique_ptr<Optimizer> rule_;  // of a part that does not learn
  Index logarithms_ = 0, clipped_ = 0;
};

/// An optimizer on its way along function k.
class Tracer {
 public:
  Tracer(const LearnedOptimizer& learned, const Family& family, int k, const EvaluateOptions& options)
      : learned_(learned), rng_(function_stream(k, options)) {
    trajectory_.start(family, rng_, options.split);
    groups_.emplace(trajectory_.layout(), learned.model.groups());
    for (Index k = 0; k < groups_->count(); ++k) parts_.emplace_back(learned.model.parts()[k], groups_->layout(k));
  }

  /// One step; returns the first thing that is not finite, or "".
  std::string step(TraceStep& seen) {
    seen.loss = trajectory_.evaluate(rng_);
    if (!std::isfinite(seen.loss)) return "the loss";
    std::string bad = not_finite_in("the gradient of", trajectory_.layout(), trajectory_.gradient());
    if (!bad.empty()) return bad;

    tape_.clear();
    const Var phi = tape_.leaf({learned_.model.layout().size()}, learned_.phi.data());
    Index logarithms = 0, clipped = 0;
    std::vector<Real> update(trajectory_.theta().size());
    groups_->for_each(trajectory_.gradient(), update,
                      [&](Index k, std::span<const Real> gradient, std::span<Real> part) {
                        if (!bad.empty()) return;
                        bad = parts_[k].step(tape_, phi, gradient, seen);
                        std::ranges::copy(parts_[k].update(), part.begin());
                        logarithms += parts_[k].logarithms();
                        clipped += parts_[k].clipped();
                      });
    if (!bad.empty()) return bad;
    if (logarithms > 0) seen.clipped = static_cast<double>(clipped) / static_cast<double>(logarithms);
    const std::span<Real> theta = trajectory_.theta();
    seen.median_theta = median_size(theta);
    seen.median_update = median_size(update);
    seen.change = trajectory_.evaluation().along(update);
    for (std::size_t k = 0; k < theta.size(); ++k) theta[k] += update[k];
    return not_finite_in("theta's part", trajectory_.layout(), theta);
  }

 private:
  const LearnedOptimizer& learned_;
  Rng rng_;  // draws the function and the minibatches
  Trajectory trajectory_;
  std::optional<Groups> groups_;
  std::vector<TracedPart> parts_;
  Tape tape_;
};

}  // namespace

Trace trace(const LearnedOptimizer& learned, const Family& family, int k, const EvaluateOptions& options) {
  if (options.steps < 1) throw UsageError("trace: ", options.steps, " steps, there must be at least 1");
  Trace result;
  Tracer tracer(learned, family, k, options);
  for (int t = 0; t < options.steps; ++t) {
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
