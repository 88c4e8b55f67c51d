#include "optim/meta_gradient.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/lstm_optimizer.h"
#include "optim/unroll.h"

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

MetaGradient::MetaGradient(const LearnedOptimizer& learned, Optimizee& f, int steps, const Rng& given, int threads)
    : learned_(learned), f_(f), threads_(threads) {
  if (steps < 1) throw UsageError("meta-gradient: ", steps, " steps, there must be at least 1");
  Rng rng = given;
  LstmOptimizer optimizer(learned, threads);
  Gradient gradient;
  f.sample(rng, Split::train);
  optimizer.reset(f.layout().size());
  std::vector<Real> theta(f.layout().size());
  f.init(rng, theta);
  for (int t = 0; t <= steps; ++t) {
    random_.push_back(rng.state());
    f.next_batch(rng);
    losses_.push_back(gradient(f, theta) / static_cast<double>(f.functions()));
    if (!std::isfinite(losses_.back())) {
      throw Error("meta-gradient: the loss is ", losses_.back(), " at step ", t, "; give fewer --steps");
    }
    theta_.push_back(theta);
    gradient_.emplace_back(gradient.values().begin(), gradient.values().end());
    optimizer.step(gradient.values(), theta);
  }
}

std::vector<Real> MetaGradient::truncated(int unroll, double discount) const {
  if (unroll < 1 || steps() % unroll != 0) {
    throw UsageError("meta-gradient: unrolls of ", unroll, " steps do not make up ", steps(), " steps");
  }
  const Index n = f_.layout().size();
  const Real share = Real(1) / static_cast<Real>(f_.functions());
  std::vector<Real> result(learned_.phi.size());
  const auto recorder = make_fused_recorder(learned_.model.single(), threads_);
  recorder->reset(n);
  Tape tape;
  for (int first = 0; first < steps(); first += unroll) {
    tape.clear();
    recorder->open(tape.leaf({static_cast<Index>(learned_.phi.size())}, learned_.phi.data(), result.data()));
    Var theta = tape.constant({n}, theta_[first]);
    Var loss = tape.constant({}, Real(0));  // the first f is a constant too
    for (int t = first; t < first + unroll; ++t) {
      if (discount != 1) theta = scale_gradient(theta, static_cast<Real>(discount));
      theta = recorder->step(theta, gradient_[t]);
      loss = loss + share * known_gradient(theta, static_cast<Real>(losses_[t + 1]), gradient_[t + 1]);
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
    f_.next_batch(rng);
    Gradient gradient;
    gradient(f_, moved);
    return std::vector<Real>(gradient.values().begin(), gradient.values().end());
  };
  const std::vector<Real> above = gradient_at(kEpsilon), below = gradient_at(-kEpsilon);
  for (std::size_t k = 0; k < v.size(); ++k) {
    result[k] += static_cast<Real>((above[k] - below[k]) * length / (2 * kEpsilon));
  }
}

/// ∇f(θ_t) as a function of θ_t.
Var MetaGradient::responding_gradient(Var theta, int step) const {
  Var g = Tape::output("gradient", theta.shape, {theta});
  std::copy(gradient_[step].begin(), gradient_[step].end(), g.value);
  g.tape->record(g, [=, this] { add_hessian_product(step, theta.values(), g.gradient(), theta.grad); });
  return g;
}

/// What the LSTM sees of ∇_t, as a function of it: [F, n]
Var MetaGradient::features(Var gradient) const {
  const Preprocess preprocess = learned_.model.single().config().preprocess;
  const Index n = gradient.size();
  Var x = Tape::output("preprocess", {preprocess.features(), n}, {gradient});
  preprocess(gradient.values(), x.value, n);
  x.tape->record(x, [=] { preprocess.backward(gradient.values(), x.grad, n, gradient.grad); });
  return x;
}

// The LSTM's state packed into one array [2 · layers · H, n]: h and c of the first layer, of the second, …
static Lstm::State unpack(Var packed, const LstmConfig& config) {
  Lstm::State state;
  for (int k = 0; k < config.layers; ++k) {
    state.push_back({slice(packed, 2 * k * config.hidden, config.hidden),
                     slice(packed, (2 * k + 1) * config.hidden, config.hidden)});
  }
  return state;
}
static Var pack(const Lstm::State& state) {
  std::vector<Var> parts;
  for (const LstmState& layer : state) parts.insert(parts.end(), {layer.h, layer.c});
  return concat(parts);
}

std::vector<Real> MetaGradient::full(const std::function<void(int)>& progress) const {
  const LstmModel& model = learned_.model.single();
  const Index n = f_.layout().size();
  const Shape phi_shape{model.layout().size()}, state_shape{2 * model.config().layers * model.config().hidden, n};
  Tape tape;

  // Forward, to have the state at the start of each segment. A step on the tape takes some twenty times the memory of a
  // state, so with this length the tape of a segment and the states of all starts are equal, and their sum is smallest.
  const int length = static_cast<int>(std::ceil(std::sqrt(steps() / 20.0)));
  std::vector<std::vector<Real>> starts;
  std::vector<Real> packed(state_shape.size());
  for (int t = 0; t < steps(); ++t) {
    if (t % length == 0) starts.push_back(packed);
    tape.clear();
    Lstm::State state = unpack(tape.leaf(state_shape, packed.data()), model.config());
    model(tape.leaf(phi_shape, learned_.phi.data()), features(tape.leaf({n}, gradient_[t].data())), state);
    const Var next = pack(state);
    std::copy(next.values().begin(), next.values().end(), packed.begin());
  }

  // Backward, a segment at a time from the last: what follows it is known by the gradients of θ and the state at its
  // end, and it leaves those at its start.
  const Real share = Real(1) / static_cast<Real>(f_.functions());
  std::vector<Real> dphi(learned_.phi.size()), dtheta(n), dstate(packed.size());
  for (Index k = 0; k < n; ++k) dtheta[k] = share * gradient_[steps()][k];
  for (std::size_t segment = starts.size(); segment-- > 0;) {
    const int first = static_cast<int>(segment) * length, end = std::min(first + length, steps());
    std::vector<Real> dtheta_start(n), dstate_start(packed.size());
    tape.clear();
    const Var phi = tape.leaf(phi_shape, learned_.phi.data(), dphi.data());
    Var theta = tape.leaf({n}, theta_[first].data(), dtheta_start.data());
    Lstm::State state = unpack(tape.leaf(state_shape, starts[segment].data(), dstate_start.data()), model.config());
    Var loss = tape.constant({}, Real(0));
    for (int t = first; t < end; ++t) {
      loss = loss + share * known_gradient(theta, static_cast<Real>(losses_[t]), gradient_[t]);
      theta = theta + model(phi, features(responding_gradient(theta, t)), state);
    }
    tape.backward(loss + known_gradient(theta, 0, dtheta) + known_gradient(pack(state), 0, dstate));
    dtheta.swap(dtheta_start);
    dstate.swap(dstate_start);
    if (progress) progress(steps() - first);
  }
  return dphi;
}

}  // namespace l2l
