#include "optim/learned/unroll.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/learned/fast/fused_unroll.h"
#include "optim/rules.h"
#include "tests/optim/roundings.h"

namespace l2l::unroll_test {

using namespace l2l::testing;

namespace {

/// What an unroll computes: θ after every step, and ∂L/∂φ for L = Σ_t ⟨weights, θ_t⟩ in disguise.
struct Result {
  std::vector<std::vector<Real>> theta;
  std::vector<Real> dphi;
};

/// n coordinates, some of which are a linear map of 3 rows, if there are enough for one: features other than
/// `orthogonal` do not mind.
Layout with_linear_map(Index n) {
  Layout layout;
  const Index columns = n / 5, before = n / 7;
  layout.add("before", {before});
  layout.add("map", {3, columns}, "", Parameter::Kind::linear_map);
  layout.add("after", {n - before - 3 * columns});
  return layout;
}

/// Follows `unrolls` unrolls of T steps with given gradients, which also serve as the gradients of the losses.
Result run(UnrollRecorder& recorder, const CoordinateModel& model, const std::vector<Real>& phi,
           const std::vector<std::vector<Real>>& gradients, int T) {
  Result result;
  result.dphi.assign(phi.size(), Real(0));
  const Index n = static_cast<Index>(gradients[0].size());
  std::vector<Real> theta(n, Real(0.5));
  Tape tape;
  recorder.reset(with_linear_map(n));
  const std::size_t unrolls = (gradients.size() - 1) / T;
  for (std::size_t u = 0; u < unrolls; ++u) {
    tape.clear();
    const Var p = tape.leaf({model.layout().size()}, phi.data(), result.dphi.data());
    recorder.open(p);
    Var x = tape.variable({n}, theta);
    Var loss = known_gradient(x, 0, gradients[u * T]);
    for (int t = 0; t < T; ++t) {
      x = recorder.step(x, gradients[u * T + t]);
      loss = loss + known_gradient(x, 0, gradients[u * T + t + 1]);
      theta.assign(x.values().begin(), x.values().end());
      result.theta.push_back(theta);
    }
    tape.backward(loss);
  }
  return result;
}

/// The same by another computation: n roundings of numbers as large as the largest.
std::vector<Near> recomputed(const std::vector<Real>& x, double n) {
  const std::vector<double> values(x.begin(), x.end());
  return rounded(values, n, largest(values));
}

std::vector<std::vector<Real>> normal_gradients(Rng& rng, Index n, int count, double deviation) {
  std::vector<std::vector<Real>> gradients(count, std::vector<Real>(n));
  for (auto& g : gradients) rng.fill_normal(g, 0, deviation);
  return gradients;
}

/// Gradients over 30 orders of magnitude, some of them zero.
std::vector<std::vector<Real>> wild_gradients(Rng& rng, Index n, int count) {
  std::vector<std::vector<Real>> gradients(count, std::vector<Real>(n));
  for (auto& g : gradients) {
    for (Real& v : g) v = static_cast<Real>(rng.normal() * std::pow(10.0, 30 * rng.uniform() - 25));
    g[rng.below(n)] = 0;
  }
  return gradients;
}

}  // namespace

TEST_CASE("the fused unroll is the composed one") {
  struct Case {
    CoordinateConfig config;
    Index n;
    int T;
    int unrolls;
  };
  const Preprocess none{Preprocess::Kind::none, 1}, rescale{Preprocess::Kind::rescale, 1e-3}, log_sign{};
  const Preprocess moments{Preprocess::Kind::moments, 0.95}, timescales{Preprocess::Kind::timescales, 0};
  const Preprocess orthogonal{Preprocess::Kind::orthogonal, 0.3};
  const std::vector<Case> cases = {
      {{2, 20, log_sign, 0.1}, 100, 5, 3},  // the usual shape, a block and a part of one
      {{2, 20, log_sign, 0.1}, 1, 5, 2},  // one coordinate
      {{2, 20, log_sign, 0.1}, 48, 1, 3},  // one step, a whole block
      {{1, 1, rescale, 1.0}, 49, 4, 1},  // the smallest LSTM
      {{3, 7, log_sign, 0.5}, 130, 3, 2},  // a hidden size that is no multiple of 4
      {{4, 33, log_sign, 0.1}, 40, 3, 1},
      {{1, 64, rescale, 0.1}, 70, 2, 2},
      {{2, 5, none, 1e-3}, 70, 2, 2},
      {{2, 8, moments, 0.1, Proposal::Kind::squashed}, 100, 5, 3},
      {{1, 6, moments, 0.1, Proposal::Kind::anchored, 0.03}, 49, 4, 2},
      {{2, 5, timescales, 0.1, Proposal::Kind::anchored, 0.03}, 100, 3, 3},
      {{1, 8, orthogonal, 0.1, Proposal::Kind::anchored, 0.03}, 100, 3, 3},
      {{1, 3, orthogonal, 0.1, Proposal::Kind::squashed}, 7, 3, 2},
      {{1, 4, orthogonal, 0.1, Proposal::Kind::anchored, 0.03, 0.5}, 100, 3, 3},  // a decay
      {{2, 20, moments, 0.1, Proposal::Kind::squashed, 0, 0, 1}, 100, 5, 3},  // a dense layer before the LSTM
      {{1, 7, log_sign, 0.1, Proposal::Kind::scaled, 0, 0, 3}, 50, 3, 2},
      {{0, 8, orthogonal, 0.1, Proposal::Kind::anchored, 0.03, 0.5, 2}, 100, 3, 3},  // a perceptron
      {{0, 5, timescales, 0.1, Proposal::Kind::scaled, 0, 0, 1}, 49, 4, 2},
  };
  for (const Case& c : cases) {
    CAPTURE(c.config.layers, c.config.hidden, c.n, c.T);
    const CoordinateModel model(c.config);
    Rng rng(7, c.n);
    std::vector<Real> phi(model.layout().size());
    model.init(rng, phi);
    if (c.config.proposal == Proposal::Kind::anchored) rng.fill_normal(phi, 0, 0.4);  // its output is 0 at first
    auto gradients = wild_gradients(rng, c.n, c.T * c.unrolls + 1);
    if (c.config.preprocess.kind == Preprocess::Kind::none) {
      for (auto& g : gradients) rng.fill_normal(g, 0, 1);
    }
    const Result composed = run(*make_composed_recorder(model), model, phi, gradients, c.T);
    const Result fused = run(*make_fused_recorder(model, 2), model, phi, gradients, c.T);
    const int steps = c.T * c.unrolls;
    for (std::size_t t = 0; t < composed.theta.size(); ++t) {
      check_close(fused.theta[t], recomputed(composed.theta[t], 2 * forward_roundings(c.config, steps)));
    }
    for (const Parameter& p : model.layout().parameters()) {
      CAPTURE(p.name);
      const auto part = [&](const std::vector<Real>& x) {
        const auto s = p.in(std::span<const Real>(x));
        return std::vector<Real>(s.begin(), s.end());
      };
      // Sums over all coordinates and steps.
      const double n = 2 * (gradient_roundings(c.config, steps) + static_cast<double>(c.n) * steps);
      check_close(part(fused.dphi), recomputed(part(composed.dphi), n));
    }
  }
}

namespace {
/// That an anchored optimizer which was not trained takes the steps of `rule`.
void check_untrained(const CoordinateModel& model, Optimizer& rule, int seed) {
  Rng rng(seed);
  std::vector<Real> phi(model.layout().size());
  model.init(rng, phi);
  constexpr Index n = 60;
  constexpr int T = 8;
  const auto gradients = normal_gradients(rng, n, T + 1, 2);
  rule.reset(with_linear_map(n));
  std::vector<Real> theta(n, Real(0.5));
  std::vector<std::vector<Real>> steps;
  for (int t = 0; t < T; ++t) {
    rule.step(gradients[t], theta);
    steps.push_back(theta);
  }
  for (const bool fused : {false, true}) {
    CAPTURE(fused);
    const Result r =
        run(fused ? *make_fused_recorder(model, 1) : *make_composed_recorder(model), model, phi, gradients, T);
    // Each step has some 3 t + 20 roundings of a number of the size of θ at most.
    for (int t = 0; t < T; ++t) check_close(r.theta[t], recomputed(steps[t], (t + 1) * (3.0 * t + 20)));
  }
}
}  // namespace

TEST_CASE("an anchored optimizer that was not trained is ADAM") {
  const double beta = 0.9;
  Adam adam(0.03, beta, beta);
  check_untrained(
      CoordinateModel(
          {.preprocess = {Preprocess::Kind::moments, beta}, .proposal = Proposal::Kind::anchored, .rate = 0.03}),
      adam, 8);
}

TEST_CASE(
    "an anchored optimizer with orthogonal features that was not trained is Muon, with the schedule of its decay") {
  const double decay = GENERATE(0.0, 0.5), growth = GENERATE(0.0, kMomentumGrowth);
  CoordinateConfig config{
      .preprocess = {Preprocess::Kind::orthogonal, growth}, .proposal = Proposal::Kind::anchored, .rate = 0.03};
  config.decay = decay;
  const Rule& muon = find_rule(growth > 0 ? "muon-growing" : "muon");
  check_untrained(CoordinateModel(config),
                  *(decay > 0 ? with_schedule(muon, Schedule::sqrt, 1) : muon).make(config.rate), 9);
}

TEST_CASE("the fused unroll gives the same bytes for any number of threads") {
  const CoordinateModel model(CoordinateConfig{});
  Rng rng(3);
  std::vector<Real> phi(model.layout().size());
  model.init(rng, phi);
  for (const Index n : {1000, 4000}) {  // fewer blocks than slabs to be summed over, and more
    const auto gradients = wild_gradients(rng, n, 5);
    const Result one = run(*make_fused_recorder(model, 1), model, phi, gradients, 2);
    for (int threads : {2, 3, 8}) {
      const Result many = run(*make_fused_recorder(model, threads), model, phi, gradients, 2);
      CHECK(many.theta == one.theta);
      CHECK(std::memcmp(many.dphi.data(), one.dphi.data(), one.dphi.size() * sizeof(Real)) == 0);
    }
  }
}

TEST_CASE("the gradient of L with respect to an update is the sum of the gradients that follow it") {
  // L = Σ_s w_s f(θ_s) and θ_{s+1} = θ_s + u_s give ∂L/∂u_t = Σ_{s>t} w_s ∇_s. With free updates u_t as leaves:
  Tape tape;
  Rng rng(5);
  constexpr int T = 6;
  constexpr Index n = 4;
  const auto gradients = normal_gradients(rng, n, T + 1, 1);
  const auto w = [](int t) { return Real(0.5 + 0.25 * t); };
  Var theta = tape.constant({n}, Real(0));
  Var loss = w(0) * known_gradient(theta, 1, gradients[0]);
  std::vector<Var> u;
  for (int t = 0; t < T; ++t) {
    u.push_back(tape.variable({n}, std::vector<Real>(n, Real(t))));
    theta = theta + u.back();
    loss = loss + w(t + 1) * known_gradient(theta, 1, gradients[t + 1]);
  }
  tape.backward(loss);
  for (int t = 0; t < T; ++t) {
    for (Index k = 0; k < n; ++k) {
      Sum expected;
      for (int s = t + 1; s <= T; ++s) expected.add(static_cast<Sum::Wide>(w(s)) * gradients[s][k]);
      CHECK(u[t].gradient()[k] == Near(expected));
    }
  }
}

TEST_CASE("a recorded update gets the sum of the gradients that follow it") {
  // The same through a recorder: ∂L/∂θ_{t+1} is ∂L/∂u_t, nothing comes back through the gradients ∇_t.
  const CoordinateModel model(CoordinateConfig{1, 3, {}, 0.1});
  Rng rng(6);
  std::vector<Real> phi(model.layout().size());
  model.init(rng, phi);
  constexpr int T = 6;
  constexpr Index n = 4;
  const auto gradients = normal_gradients(rng, n, T + 1, 1);
  const auto w = [](int t) { return Real(0.5 + 0.25 * t); };
  for (const bool fused : {false, true}) {
    const auto recorder = fused ? make_fused_recorder(model, 1) : make_composed_recorder(model);
    Tape tape;
    recorder->reset(Layout::flat(n));
    recorder->open(tape.variable({model.layout().size()}, phi));
    std::vector<Var> theta = {tape.constant({n}, Real(0))};
    Var loss = w(0) * known_gradient(theta[0], 0, gradients[0]);
    for (int t = 0; t < T; ++t) {
      theta.push_back(recorder->step(theta[t], gradients[t]));
      loss = loss + w(t + 1) * known_gradient(theta[t + 1], 0, gradients[t + 1]);
    }
    tape.backward(loss);
    for (Index k = 0; k < n; ++k) {
      Sum expected;
      for (int t = T - 1; t >= 0; --t) {
        expected.add(static_cast<Sum::Wide>(w(t + 1)) * gradients[t + 1][k]);
        CHECK(theta[t + 1].gradient()[k] == Near(expected));
      }
    }
  }
}

TEST_CASE("recorders that are misused say so") {
  const CoordinateModel model(CoordinateConfig{1, 3, {}, 0.1});
  const std::vector<Real> phi(model.layout().size(), Real(0.1)), gradient(5, 1), wrong(4, 1);
  const Shape size{model.layout().size()};
  for (const bool fused : {false, true}) {
    CAPTURE(fused);
    const auto recorder = fused ? make_fused_recorder(model, 1) : make_composed_recorder(model);
    Tape tape;
    const Var theta = tape.constant({5}, Real(0));
    recorder->reset(Layout::flat(5));
    CHECK_THROWS_AS(recorder->step(theta, gradient), Error);  // not opened
    recorder->open(tape.variable(size, phi));
    CHECK_THROWS_AS(recorder->step(theta, wrong), Error);
    CHECK_NOTHROW(recorder->step(theta, gradient));
  }
  CHECK_THROWS_AS(make_fused_recorder(model, 0), UsageError);
}

TEST_CASE("the fused unroll refuses to run backward after it was opened or reset again") {
  const CoordinateModel model(CoordinateConfig{1, 3, {}, 0.1});
  const std::vector<Real> phi(model.layout().size(), Real(0.1)), gradient(5, 1);
  const auto recorder = make_fused_recorder(model, 1);
  const auto begin = [&](Tape& tape) {
    recorder->open(tape.variable({model.layout().size()}, phi));
    return sum(recorder->step(tape.constant({5}, Real(0)), gradient));
  };
  Tape first, second;
  recorder->reset(Layout::flat(5));
  const Var one = begin(first), two = begin(second);
  CHECK_THROWS_AS(first.backward(one), Error);
  CHECK_NOTHROW(second.backward(two));
  first.clear();
  const Var three = begin(first);
  recorder->reset(Layout::flat(5));
  CHECK_THROWS_AS(first.backward(three), Error);
}

TEST_CASE("the meta-gradient agrees with differences of the meta-loss, the recorded gradients held fixed") {
  if (sizeof(Real) == 4) return;  // differences need double
  const CoordinateConfig config =
      GENERATE(CoordinateConfig{2, 4, {}, 0.3},
               CoordinateConfig{2, 4, {Preprocess::Kind::moments, 0.95}, 0.3, Proposal::Kind::squashed},
               CoordinateConfig{1, 4, {Preprocess::Kind::timescales, 0}, 0.3, Proposal::Kind::anchored, 0.1},
               CoordinateConfig{1, 4, {Preprocess::Kind::orthogonal, 0.3}, 0.3, Proposal::Kind::anchored, 0.1, 0.5, 1},
               CoordinateConfig{0, 4, {Preprocess::Kind::timescales, 0}, 0.3, Proposal::Kind::anchored, 0.1, 0, 2});
  const CoordinateModel model(config);
  Rng rng(11);
  std::vector<Real> phi(model.layout().size());
  rng.fill_normal(phi, 0, 0.4);
  constexpr int T = 5;
  constexpr Index n = 9;
  const auto gradients = normal_gradients(rng, n, T + 1, 0.1);
  // With ∇_t fixed, L(φ) = Σ_t ⟨∇_t, θ_t⟩ has the same gradient as Σ_t f(θ_t).
  const auto meta_loss = [&](const std::vector<Real>& weights) {
    const Result r = run(*make_composed_recorder(model), model, weights, gradients, T);
    double total = 0;
    for (int t = 1; t <= T; ++t) {
      for (Index k = 0; k < n; ++k) total += gradients[t][k] * r.theta[t - 1][k];
    }
    return total;
  };
  for (const bool fused : {false, true}) {
    const auto recorder = fused ? make_fused_recorder(model, 1) : make_composed_recorder(model);
    const Result r = run(*recorder, model, phi, gradients, T);
    const double n = forward_roundings(config, T);
    std::vector<Near> numeric;
    for (std::size_t k = 0; k < phi.size(); ++k) {
      const auto moved_loss = [&](Real weight) {
        std::vector<Real> moved = phi;
        moved[k] = weight;
        return meta_loss(moved);
      };
      numeric.push_back(derivative(moved_loss, phi[k], 1e-5, n));
    }
    check_close(r.dphi, numeric);
  }
}

}  // namespace l2l::unroll_test
