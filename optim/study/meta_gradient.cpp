#include "optim/study/meta_gradient.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/groups.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/learned/unroll.h"
#include "optim/meta/grouped_unroll.h"

namespace l2l {

Agreement agreement(std::span<const Real> a, std::span<const Real> c) {
  double product = 0, squares = 0;
  for (std::size_t k = 0; k < c.size(); ++k) {
    const double x = a[k], y = c[k];
    product += x * y;
    squares += (x - y) * (x - y);
  }
  return {product / (norm(a) * norm(c)), std::sqrt(squares) / norm(c)};
}

void MetaGradient::check(const OptimizerModel& model) {
  for (const OptimizerModel::Part& part : model.parts()) {
    if (const FixedRule* rule = std::get_if<FixedRule>(&part.optimizer)) {
      throw Error("meta-gradient: the group '", part.group, "' has the rule ", rule->name, ", whose response to its ",
                  "gradient is not recorded; take a training with an LSTM for it");
    }
    if (part.model()->config().layers == 0) {
      throw Error("meta-gradient: a perceptron has no state through which steps depend on each other; take an LSTM");
    }
    const Preprocess& features = part.model()->config().preprocess;
    if (features.memory() > 0) {
      throw Error(
          "meta-gradient: the features ", name_of(features.kind),
          " depend on earlier gradients, and how they respond to them is not recorded; it knows none, rescale and log");
    }
  }
}

MetaGradient::MetaGradient(const LearnedOptimizer& learned, const Family& family, int steps, const Rng& given,
                           int threads)
    : learned_(learned), threads_(threads) {
  if (steps < 1) throw UsageError("meta-gradient: ", steps, " steps, there must be at least 1");
  check(learned.model);
  Rng rng = given;
  const std::unique_ptr<Optimizer> optimizer = make_optimizer(learned, threads);
  trajectory_.start(family, rng, Split::train);
  optimizer->reset(trajectory_.layout());
  for (int t = 0; t <= steps; ++t) {
    random_.push_back(rng.state());
    losses_.push_back(trajectory_.evaluate(rng));
    if (!std::isfinite(losses_.back())) {
      throw Error("meta-gradient: the loss is ", losses_.back(), " at step ", t, "; take fewer steps");
    }
    theta_.emplace_back(trajectory_.theta().begin(), trajectory_.theta().end());
    gradient_.emplace_back(trajectory_.gradient().begin(), trajectory_.gradient().end());
    optimizer->step(trajectory_.gradient(), trajectory_.theta());
  }
}

std::vector<Real> MetaGradient::truncated(int unroll, double discount) const {
  if (unroll < 1 || steps() % unroll != 0) {
    throw UsageError("meta-gradient: unrolls of ", unroll, " steps do not make up ", steps(), " steps");
  }
  const Index n = trajectory_.layout().size();
  const Real share = static_cast<Real>(trajectory_.evaluation().per_function());
  std::vector<Real> result(learned_.phi.size());
  const auto recorder = make_recorder(learned_.model, true, threads_);
  recorder->reset(trajectory_.layout());
  Tape tape;
  for (int first = 0; first < steps(); first += unroll) {
    tape.clear();
    recorder->open(tape.leaf({static_cast<Index>(learned_.phi.size())}, learned_.phi.data(), result.data()));
    Var theta = tape.constant({n}, theta_[first]);
    Var loss = tape.constant({}, Real(0));  // the first f is a constant too
    for (int t = first; t < first + unroll; ++t) {
      if (discount != 1) theta = scale_gradient(theta, static_cast<Real>(discount));
      theta = recorder->step(theta, gradient_[t]);
      loss = loss + share * known_gradient(theta, static_cast<Real>(losses_[t + 1]) / share, gradient_[t + 1]);
    }
    tape.backward(loss);
  }
  return result;
}

/// Adds H v to `result`.
void MetaGradient::add_hessian_product(int step, std::span<const Real> theta, std::span<const Real> v,
                                       Real* result) const {
  const double length = norm(v);
  if (length == 0) return;
  // The error is ε² times a third derivative of ∇f along v, and 1e-16 / ε from rounding.
  constexpr double kEpsilon = 1e-4;
  const auto gradient_at = [&](double distance) {
    std::vector<Real> moved(theta.begin(), theta.end());
    for (std::size_t k = 0; k < v.size(); ++k) moved[k] += static_cast<Real>(distance / length * v[k]);
    Rng rng(0);
    rng.set_state(random_[step]);
    trajectory_.function().next_batch(rng);
    Evaluation evaluation;
    evaluation(trajectory_.function(), moved);
    return std::vector<Real>(evaluation.gradient().begin(), evaluation.gradient().end());
  };
  const std::vector<Real> above = gradient_at(kEpsilon), below = gradient_at(-kEpsilon);
  for (std::size_t k = 0; k < v.size(); ++k) {
    result[k] += static_cast<Real>((above[k] - below[k]) * length / (2 * kEpsilon));
  }
}

/// ∇f(θ_t) as a function of θ_t.
Var MetaGradient::responding_gradient(Var theta, int step) const {
  auto g = Tape::output("gradient", theta.shape, {theta});
  std::copy(gradient_[step].begin(), gradient_[step].end(), g.out);
  g.tape->record("gradient", {theta}, g,
                 [=, this] { add_hessian_product(step, theta.values(), g.gradient(), theta.grad); });
  return g;
}

namespace {

/// What an LSTM sees of ∇_t, as a function of it: [F, n]
Var features(Var gradient, const Preprocess& preprocess) {
  const Index n = gradient.size();
  auto x = Tape::output("preprocess", {preprocess.features(), n}, {gradient});
  preprocess(gradient.values(), nullptr, 0, x.out, n);
  x.tape->record("preprocess", {gradient}, x,
                 [=] { preprocess.backward(gradient.values(), x.grad, n, gradient.grad); });
  return x;
}

/// All models in elementary ops, each on its group of θ. Their states lie packed in one array, part after part: of each
/// layer h and c, [H, n] for the n coordinates of the part.
class PackedModels {
 public:
  using States = std::vector<Lstm::State>;  // of each part

  /// It must outlive the backward pass of a tape that has its steps.
  PackedModels(const OptimizerModel& model, const Layout& theta) : model_(model), groups_(theta, model.groups()) {}

  Index state_size() const {
    Index size = 0;
    for (Index k = 0; k < groups_.count(); ++k) size += 2 * config(k).layers * config(k).hidden * groups_.size(k);
    return size;
  }
  States unpack(Var packed) const {
    States states(groups_.count());
    Index offset = 0;
    for (Index k = 0; k < groups_.count(); ++k) {
      const Shape shape{config(k).hidden, groups_.size(k)};
      const auto next = [&] {
        return Tape::view("state", packed, std::exchange(offset, offset + shape.size()), shape);
      };
      for (int layer = 0; layer < config(k).layers; ++layer) states[k].push_back({next(), next()});
    }
    return states;
  }
  static Var pack(const States& states) {
    std::vector<Var> arrays;
    for (const Lstm::State& state : states) {
      for (const LstmState& layer : state) {
        for (const Var& x : {layer.h, layer.c}) arrays.push_back(reshape(x, {x.size()}));
      }
    }
    return concat(arrays);
  }
  /// ∇_t → u_t, both laid out like θ; `states` are replaced by the next ones.
  Var operator()(Var phi, Var gradient, States& states) const {
    return groups_.map(gradient, [&](Index k, Var part_of_gradient) {
      const OptimizerModel::Part& part = model_.parts()[k];
      return (*part.model())(part.weights(phi), features(part_of_gradient, config(k).preprocess), states[k]);
    });
  }

 private:
  const CoordinateConfig& config(Index k) const { return model_.parts()[k].model()->config(); }

  const OptimizerModel& model_;
  Groups groups_;
};

}  // namespace

std::vector<Real> MetaGradient::full(const std::function<void(int)>& progress) const {
  const PackedModels models(learned_.model, trajectory_.layout());
  const Index n = trajectory_.layout().size();
  const Shape phi_shape{learned_.model.layout().size()}, state_shape{models.state_size()};
  Tape tape;

  // Forward, to have the states at the start of each segment. A step on the tape takes some twenty times the memory of
  // the states, so with this length the tape of a segment and the states of all starts are equal, and their sum is
  // smallest.
  const int length = static_cast<int>(std::ceil(std::sqrt(steps() / 20.0)));
  std::vector<std::vector<Real>> starts;
  std::vector<Real> packed(state_shape.size());
  for (int t = 0; t < steps(); ++t) {
    if (progress) progress(0);
    if (t % length == 0) starts.push_back(packed);
    tape.clear();
    PackedModels::States states = models.unpack(tape.leaf(state_shape, packed.data()));
    models(tape.leaf(phi_shape, learned_.phi.data()), tape.leaf({n}, gradient_[t].data()), states);
    const Var next = PackedModels::pack(states);
    std::copy(next.values().begin(), next.values().end(), packed.begin());
  }

  // Backward, a segment at a time from the last: what follows it is known by the gradients of θ and the states at its
  // end, and it leaves those at its start.
  const Real share = static_cast<Real>(trajectory_.evaluation().per_function());
  std::vector<Real> dphi(learned_.phi.size()), dtheta(n), dstates(packed.size());
  for (Index k = 0; k < n; ++k) dtheta[k] = share * gradient_[steps()][k];
  for (std::size_t segment = starts.size(); segment-- > 0;) {
    const int first = static_cast<int>(segment) * length, end = std::min(first + length, steps());
    std::vector<Real> dtheta_start(n), dstates_start(packed.size());
    tape.clear();
    const Var phi = tape.leaf(phi_shape, learned_.phi.data(), dphi.data());
    Var theta = tape.leaf({n}, theta_[first].data(), dtheta_start.data());
    PackedModels::States states = models.unpack(tape.leaf(state_shape, starts[segment].data(), dstates_start.data()));
    Var loss = tape.constant({}, Real(0));
    for (int t = first; t < end; ++t) {
      loss = loss + share * known_gradient(theta, static_cast<Real>(losses_[t]) / share, gradient_[t]);
      theta = theta + models(phi, responding_gradient(theta, t), states);
    }
    tape.backward(loss + known_gradient(theta, 0, dtheta) + known_gradient(PackedModels::pack(states), 0, dstates));
    dtheta.swap(dtheta_start);
    dstates.swap(dstates_start);
    if (progress) progress(steps() - first);
  }
  return dphi;
}

}  // namespace l2l
