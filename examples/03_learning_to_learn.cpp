// Learning to learn by gradient descent by gradient descent (Andrychowicz et al. 2016): the whole idea in one file.
//
// An LSTM m with weights φ proposes the updates of θ, one coordinate at a time,
//
//     θ_{t+1} = θ_t + u_t,    (u_t, z_{t+1}) = m(∇_t, z_t, φ),    ∇_t = ∂f/∂θ at θ_t,
//
// where z is the state of the LSTM, and φ is trained, by gradient descent again, to make Σ_t f(θ_t) small on functions
// f drawn at random. optim/meta/meta_train.h does the same with more comfort and more speed.
#include <cmath>
#include <cstdio>

#include "autodiff/ops.h"
#include "nn/lstm.h"
#include "optim/rules.h"

using namespace l2l;

constexpr Index kFunctions = 64, kDim = 10, kCoordinates = kFunctions * kDim, kHidden = 20;
constexpr int kLayers = 2, kSteps = 100, kUnroll = 20, kEpochs = 150;

/// f: the sum of 64 functions ‖Wθ - y‖², each with its own W, y and θ in R^10, and so with its own gradient.
struct Quadratics {
  std::vector<Real> W, y, start;

  explicit Quadratics(Rng& rng) : W(kCoordinates * kDim), y(kCoordinates), start(kCoordinates) {
    for (std::vector<Real>* part : {&W, &y, &start}) rng.fill_normal(*part, 0, 1);
  }

  /// f(θ) and ∇f(θ): the inner tape. It lives for one evaluation.
  Real operator()(Tape& inner, std::span<const Real> theta, std::vector<Real>& gradient) const {
    inner.clear();
    gradient.assign(kCoordinates, Real(0));
    const Var x = inner.leaf({kFunctions, kDim, 1}, theta.data(), gradient.data());
    const Var Wx = batched_matmul(inner.leaf({kFunctions, kDim, kDim}, W.data()), x);
    const Var f = sum(square(Wx - inner.leaf({kFunctions, kDim, 1}, y.data())));
    inner.backward(f);
    return f.item();
  }
};

/// m: an LSTM whose input is the gradient. Its batch is the coordinates of θ: they share φ, and each has its own state.
struct Model {
  Layout layout;
  Lstm lstm{layout, "lstm", 1, kHidden, kLayers};
  Parameter output = layout.add("output", {1, kHidden});

  /// u from ∇, both [kCoordinates]; `state` is replaced by the next one.
  Var operator()(Var phi, Var gradient, Lstm::State& state) const {
    const Var h = lstm(phi, reshape(gradient, {1, kCoordinates}), state);
    return reshape(matmul(output.in(phi), h), {kCoordinates});
  }
};

/// A trajectory θ_0, θ_1, … of m on f. Between unrolls, θ and the state of m are kept as plain numbers.
struct Run {
  const Model& m;
  const Quadratics* f = nullptr;
  std::vector<Real> theta, h[kLayers], c[kLayers], gradient;
  Tape inner, outer;

  explicit Run(const Model& model) : m(model) {}
  void start(const Quadratics& function) {
    f = &function;
    theta = f->start;
    for (int k = 0; k < kLayers; ++k) h[k] = c[k] = std::vector<Real>(kHidden * kCoordinates);
  }

  /// Continues for `kUnroll` steps, and adds ∂/∂φ of Σ_t f(θ_t) to `meta_gradient`. Without it φ is a constant, and
  /// the outer tape records nothing. Returns the last loss, per function.
  double unroll(std::span<const Real> phi_values, Real* meta_gradient = nullptr) {
    outer.clear();
    const Var phi = outer.leaf({m.layout.size()}, phi_values.data(), meta_gradient);
    // Constants, so the chain rule ends where this unroll begins: truncated backpropagation through time.
    Var theta_t = outer.constant({kCoordinates}, theta);
    const auto constant = [&](const auto& values) { return outer.constant({kHidden, kCoordinates}, values); };
    Lstm::State state;
    for (int k = 0; k < kLayers; ++k) state.push_back({constant(h[k]), constant(c[k])});

    Var loss = outer.constant({}, Real(0));
    Real f_t = 0;
    for (int t = 0; t <= kUnroll; ++t) {
      // f is differentiated once, on the inner tape. The outer tape only needs f(θ_t) and ∇_t.
      f_t = (*f)(inner, theta_t.values(), gradient);
      loss = loss + known_gradient(theta_t, f_t, gradient);
      if (t == kUnroll) break;
      // The LSTM gets the same ∇_t, as a constant: that ∇_t depends on φ is left out, and so are second derivatives.
      theta_t = theta_t + m(phi, outer.constant({kCoordinates}, gradient), state);
    }
    if (meta_gradient) outer.backward(loss);

    const auto keep = [](std::vector<Real>& x, Var var) { x.assign(var.values().begin(), var.values().end()); };
    keep(theta, theta_t);
    for (int k = 0; k < kLayers; ++k) keep(h[k], state[k].h), keep(c[k], state[k].c);
    return f_t / kFunctions;
  }
};

/// The last loss of a hand-designed optimizer, per function.
double final_loss(Optimizer& optimizer, const Quadratics& f) {
  Tape inner;
  std::vector<Real> theta = f.start, gradient;
  optimizer.reset(Layout::flat(kCoordinates));
  for (int t = 0; t < kSteps; ++t) {
    f(inner, theta, gradient);
    optimizer.step(gradient, theta);
  }
  return f(inner, theta, gradient) / kFunctions;
}

int main() {
  Rng rng(1);
  const Model m;
  std::vector<Real> phi(m.layout.size()), meta_gradient;
  m.lstm.init(rng, phi);
  rng.fill_normal(m.output.in(std::span(phi)), 0, 0.02);  // an untrained optimizer takes small steps
  Adam meta_optimizer(0);
  meta_optimizer.reset(m.layout);
  Run run(m);
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    const Quadratics f(rng);
    run.start(f);
    meta_optimizer.set_learning_rate(0.005 * (1 - (epoch - 1.0) / kEpochs));
    double loss = 0;
    for (int t = 0; t < kSteps; t += kUnroll) {
      meta_gradient.assign(phi.size(), Real(0));
      loss = run.unroll(phi, meta_gradient.data());
      // The loss falls a thousandfold, so the first unroll's gradient would dwarf the others: scale all to norm 1.
      double squares = 0;
      for (Real g : meta_gradient) squares += g * g;
      for (Real& g : meta_gradient) g /= static_cast<Real>(std::sqrt(squares));
      meta_optimizer.step(meta_gradient, phi);
    }
    if (epoch % 10 == 1) std::fprintf(stderr, "epoch %3d: loss after %d steps %.3f\n", epoch, kSteps, loss);
  }

  const Quadratics tuning(rng), fresh(rng);
  std::printf("\nLoss on fresh functions after %d steps:\n", kSteps);
  for (const char* name : {"sgd", "adam"}) {
    const Rule& rule = find_rule(name);
    double rate = 0, best = INFINITY;
    for (double candidate = 1e-3; candidate < 5; candidate *= 1.3) {
      const double loss = final_loss(*rule.make(candidate), tuning);
      if (loss < best) rate = candidate, best = loss;
    }
    std::printf("  %-5s %.3f   (tuned learning rate %.3g)\n", name, final_loss(*rule.make(rate), fresh), rate);
  }
  run.start(fresh);
  for (int t = kUnroll; t < kSteps; t += kUnroll) run.unroll(phi);
  std::printf("  lstm  %.3f   (learned)\n", run.unroll(phi));
}
