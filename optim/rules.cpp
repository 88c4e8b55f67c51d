#include "optim/rules.h"

#include <cmath>

#include "autodiff/error.h"
#include "nn/spelling.h"

namespace l2l {
namespace {

/// Returns the number of elements, after checking that it is the same everywhere.
Index check_sizes(const char* rule, std::size_t reset, std::span<const Real> gradient, std::span<const Real> theta) {
  if (gradient.size() != reset || theta.size() != reset) {
    throw Error(rule, ": reset for ", reset, " elements, but the gradient has ", gradient.size(), " and theta ",
                theta.size());
  }
  return static_cast<Index>(reset);
}

}  // namespace

// ---- SGD ------------------------------------------------------------------------------------------------------

void Sgd::reset(const Layout& /*layout*/) {}

void Sgd::step(std::span<const Real> gradient, std::span<Real> theta) {
  if (gradient.size() != theta.size()) {
    throw Error("sgd: the gradient has ", gradient.size(), " elements and theta ", theta.size());
  }
  const Real eta = static_cast<Real>(learning_rate_);
  for (std::size_t k = 0; k < theta.size(); ++k) theta[k] -= eta * gradient[k];
}

// ---- Momentum -------------------------------------------------------------------------------------------------

void Momentum::reset(const Layout& layout) { v_.assign(layout.size(), 0); }

void Momentum::step(std::span<const Real> gradient, std::span<Real> theta) {
  const Index n = check_sizes("momentum", v_.size(), gradient, theta);
  const Real eta = static_cast<Real>(learning_rate_), mu = static_cast<Real>(mu_);
  Real* const v = v_.data();
  for (Index k = 0; k < n; ++k) {
    v[k] = mu * v[k] + gradient[k];
    theta[k] -= eta * v[k];
  }
}

// ---- NAG ------------------------------------------------------------------------------------------------------

void Nag::reset(const Layout& layout) { v_.assign(layout.size(), 0); }

void Nag::step(std::span<const Real> gradient, std::span<Real> theta) {
  const Index n = check_sizes("nag", v_.size(), gradient, theta);
  const Real eta = static_cast<Real>(learning_rate_), mu = static_cast<Real>(mu_);
  Real* const v = v_.data();
  for (Index k = 0; k < n; ++k) {
    v[k] = mu * v[k] + gradient[k];
    theta[k] -= eta * (gradient[k] + mu * v[k]);
  }
}

// ---- RMSprop --------------------------------------------------------------------------------------------------

void RmsProp::reset(const Layout& layout) { s_.assign(layout.size(), 0); }

void RmsProp::step(std::span<const Real> gradient, std::span<Real> theta) {
  const Index n = check_sizes("rmsprop", s_.size(), gradient, theta);
  const Real eta = static_cast<Real>(learning_rate_), epsilon = static_cast<Real>(epsilon_);
  const Real alpha = static_cast<Real>(alpha_), rest = static_cast<Real>(1 - alpha_);
  Real* const s = s_.data();
  for (Index k = 0; k < n; ++k) {
    const Real g = gradient[k];
    s[k] = alpha * s[k] + rest * g * g;
    theta[k] -= eta * g / (std::sqrt(s[k]) + epsilon);
  }
}

// ---- ADAM -----------------------------------------------------------------------------------------------------

namespace {
struct AdamArrays {
  std::span<Real> m, v, theta;
};
struct AdamFactors {
  double learning_rate, beta1, beta2, epsilon, correct_m, correct_v;
};
/// θ ← θ - η m̂ / (√v̂ + ε), after m and v have taken in the gradient; correct_m, correct_v: m̂ / m and v̂ / v.
void adam_step(std::span<const Real> gradient, const AdamArrays& arrays, const AdamFactors& factors) {
  const Real eta = static_cast<Real>(factors.learning_rate * factors.correct_m);
  const Real root = static_cast<Real>(std::sqrt(factors.correct_v)), epsilon = static_cast<Real>(factors.epsilon);
  const Real beta1 = static_cast<Real>(factors.beta1), rest1 = static_cast<Real>(1 - factors.beta1);
  const Real beta2 = static_cast<Real>(factors.beta2), rest2 = static_cast<Real>(1 - factors.beta2);
  Real *const m = arrays.m.data(), *const v = arrays.v.data(), *const theta = arrays.theta.data();
  const Index n = static_cast<Index>(gradient.size());
  for (Index k = 0; k < n; ++k) {
    const Real g = gradient[k];
    m[k] = beta1 * m[k] + rest1 * g;
    v[k] = beta2 * v[k] + rest2 * g * g;
    theta[k] -= eta * m[k] / (std::sqrt(v[k]) * root + epsilon);
  }
}
}  // namespace

void Adam::reset(const Layout& layout) {
  state_.m.assign(layout.size(), 0);
  state_.v.assign(layout.size(), 0);
  state_.steps = 0;
}

void Adam::step(std::span<const Real> gradient, std::span<Real> theta) {
  check_sizes("adam", state_.m.size(), gradient, theta);
  ++state_.steps;
  // In double: 1 - 0.999^t has lost most of a float's digits when t is small.
  const double correct_m = 1 / (1 - std::pow(beta1_, state_.steps));
  const double correct_v = 1 / (1 - std::pow(beta2_, state_.steps));
  adam_step(gradient, {state_.m, state_.v, theta}, {learning_rate_, beta1_, beta2_, epsilon_, correct_m, correct_v});
}

// ---- Muon -----------------------------------------------------------------------------------------------------

void Muon::reset(const Layout& layout) {
  parameters_ = layout.parameters();
  m_.assign(layout.size(), 0);
  v_.assign(layout.size(), 0);
  decay_ = MomentumDecay(growth_);
}

void Muon::step(std::span<const Real> gradient, std::span<Real> theta) {
  check_sizes("muon", m_.size(), gradient, theta);
  const double decay = decay_.next(), decay2 = 0.99;
  const double correct_v = 1 / (1 - std::pow(decay2, static_cast<double>(decay_.steps())));
  const Real beta = static_cast<Real>(decay), eta = static_cast<Real>(learning_rate_);
  for (const Parameter& p : parameters_) {
    const std::span<const Real> g = p.in(gradient);
    const std::span<Real> m = p.in(std::span(m_)), v = p.in(std::span(v_)), x = p.in(theta);
    if (p.kind != Parameter::Kind::linear_map) {
      adam_step(g, {m, v, x}, {learning_rate_, decay, decay2, 1e-8, decay_.correction(), correct_v});
      continue;
    }
    for (std::size_t k = 0; k < g.size(); ++k) m[k] = beta * m[k] + (1 - beta) * g[k];
    direction_.resize(g.size());
    orthogonal_momentum(p, g, m, beta, direction_, scratch_);
    for (std::size_t k = 0; k < g.size(); ++k) x[k] -= eta * direction_[k];
  }
}

// ---- The table ------------------------------------------------------------------------------------------------

namespace {
template <class T>
std::unique_ptr<Optimizer> make(double learning_rate) {
  return std::make_unique<T>(learning_rate);
}
}  // namespace

const std::vector<Rule>& rules() {
  static const std::vector<Rule> table = {
      {"sgd", "gradient descent", make<Sgd>},
      {"momentum", "heavy ball, momentum 0.9", make<Momentum>},
      {"nag", "Nesterov's accelerated gradient, momentum 0.9", make<Nag>},
      {"rmsprop", "RMSprop, mean square with alpha 0.99", make<RmsProp>},
      {"adam", "ADAM, beta 0.9 and 0.999", make<Adam>},
      {"muon", "Muon: orthogonalised momentum for linear maps, ADAM for the rest, beta 0.9 and 0.99", make<Muon>},
      {"muon-growing", "the same, its beta from 0.2 at the start to 0.9 at step 1000",
       [](double learning_rate) { return std::make_unique<Muon>(learning_rate, kMomentumGrowth); }},
  };
  return table;
}

Rule with_schedule(const Rule& rule, Schedule schedule, int steps) {
  const std::string name(name_of(schedule));
  return {rule.name + "-" + name, rule.summary + ", with the schedule " + name,
          [=](double learning_rate) { return with_schedule(rule.make(learning_rate), schedule, steps); }};
}

const Rule& find_rule(std::string_view name) {
  std::string list;
  std::vector<std::string> names;
  for (const Rule& rule : rules()) {
    if (rule.name == name) return rule;
    list += (list.empty() ? "" : ", ") + rule.name;
    names.push_back(rule.name);
  }
  throw UsageError("optimizer '", name, "' is unknown; there are ", list, did_you_mean(name, names));
}

}  // namespace l2l
