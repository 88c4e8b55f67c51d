#include "optim/learned/parameter_features.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/error.h"

namespace l2l {
namespace {

constexpr double kCosineDecay = 0.9;

/// ⟨x, y⟩ / (‖x‖ ‖y‖), 0 if one of them is 0
double cosine(std::span<const Real> x, std::span<const Real> y) {
  double product = 0;
  for (std::size_t k = 0; k < x.size(); ++k) product += static_cast<double>(x[k]) * y[k];
  const double sizes = norm(x) * norm(y);
  return sizes > 0 ? product / sizes : 0;
}

}  // namespace

ParameterFeatures::ParameterFeatures(const Preprocess& preprocess, const Layout& layout)
    : rows_(preprocess.parameter_rows()), decay_(preprocess.parameter) {
  if (rows_ == 0) return;
  parameters_ = layout.parameters();
  momentum_.assign(layout.size(), 0);
  cosine_.assign(parameters_.size(), 0);
}

void ParameterFeatures::move_to(const Layout& layout, std::span<const Index> from, Index steps) {
  if (rows_ == 0) return;
  if (layout.parameters().size() != parameters_.size()) {
    throw Error("move: ", layout.parameters().size(), " parameters, there were ", parameters_.size());
  }
  std::vector<Real> moved(from.size());
  for (std::size_t k = 0; k < from.size(); ++k) moved[k] = momentum_[from[k]];
  momentum_ = std::move(moved);
  parameters_ = layout.parameters();
  decay_.set_steps(steps);
}

void ParameterFeatures::operator()(std::span<const Real> gradient, Real* out) {
  if (rows_ == 0) return;
  const std::size_t n = gradient.size();
  const std::span<Real> directions(out, n), linear(out + n, n), cosines(out + 2 * n, n);
  const Real beta = static_cast<Real>(decay_.next()), correction = static_cast<Real>(decay_.correction());
  for (std::size_t j = 0; j < parameters_.size(); ++j) {
    const Parameter& p = parameters_[j];
    const std::span<const Real> g = p.in(gradient);
    const std::span<Real> m = p.in(std::span(momentum_)), direction = p.in(directions);
    cosine_[j] = kCosineDecay * cosine_[j] + (1 - kCosineDecay) * cosine(g, m);
    const bool is_map = p.kind == Parameter::Kind::linear_map;
    for (std::size_t k = 0; k < g.size(); ++k) m[k] = beta * m[k] + (1 - beta) * g[k];
    if (is_map) {
      orthogonal_momentum(p, g, m, beta, direction, scratch_);
    } else {
      for (std::size_t k = 0; k < g.size(); ++k) direction[k] = correction * m[k];
    }
    std::ranges::fill(p.in(linear), static_cast<Real>(is_map));
    std::ranges::fill(p.in(cosines), static_cast<Real>(cosine_[j]));
  }
}

}  // namespace l2l
