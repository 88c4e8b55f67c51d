#include "optim/study/plane.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/error.h"

namespace l2l {
namespace {

double dot(std::span<const double> x, std::span<const double> y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

std::vector<double> minus(std::span<const Real> a, std::span<const Real> b) {
  std::vector<double> d(a.begin(), a.end());
  for (std::size_t k = 0; k < d.size(); ++k) d[k] -= b[k];
  return d;
}

void scale(std::span<double> x, double factor) {
  for (double& v : x) v *= factor;
}

/// sin² of the smallest angle that counts as one: Real's rounding of θ makes smaller ones.
constexpr double kLine = 1e-8;

}  // namespace

Plane::Plane(std::span<const Real> origin, std::vector<double> delta, std::vector<double> eta)
    : origin_(origin.begin(), origin.end()), delta_(std::move(delta)), eta_(std::move(eta)) {
  if (delta_.size() != origin_.size() || eta_.size() != origin_.size()) {
    throw Error("plane: directions of ", delta_.size(), " and ", eta_.size(), " elements at a point of ",
                origin_.size());
  }
  delta_delta_ = dot(delta_, delta_), delta_eta_ = dot(delta_, eta_), eta_eta_ = dot(eta_, eta_);
  // NaN fails too
  if (!(delta_delta_ * eta_eta_ - delta_eta_ * delta_eta_ > kLine * delta_delta_ * eta_eta_)) {
    throw Error("plane: the directions are on one line");
  }
}

Plane Plane::through(std::span<const Real> origin, std::span<const Real> a, std::span<const Real> b) {
  if (a.size() != origin.size() || b.size() != origin.size()) {
    throw Error("plane: points of ", origin.size(), ", ", a.size(), " and ", b.size(), " elements");
  }
  std::vector<double> delta = minus(a, origin), eta = minus(b, origin);
  const double length = std::sqrt(dot(delta, delta)), whole = dot(eta, eta);
  if (!(length > 0) || !(whole > 0)) throw Error("plane: two of its three points are the same, or not finite");
  scale(delta, 1 / length);
  const double along = dot(delta, eta);
  for (std::size_t k = 0; k < eta.size(); ++k) eta[k] -= along * delta[k];
  const double left = dot(eta, eta);
  if (!(left > kLine * whole)) throw Error("plane: its three points are on one line");
  scale(eta, 1 / std::sqrt(left));
  return Plane(origin, std::move(delta), std::move(eta));
}

Plane Plane::of_coordinates() { return Plane(std::vector<Real>{0, 0}, {1, 0}, {0, 1}); }

std::vector<Real> Plane::at(double x, double y) const {
  std::vector<Real> theta(origin_.size());
  for (std::size_t k = 0; k < theta.size(); ++k) {
    theta[k] = static_cast<Real>(origin_[k] + x * delta_[k] + y * eta_[k]);
  }
  return theta;
}

Plane::Projection Plane::project(std::span<const Real> theta) const {
  std::vector<double> r(theta.begin(), theta.end());
  for (std::size_t k = 0; k < r.size(); ++k) r[k] -= origin_[k];
  // The remainder r - x δ - y η is orthogonal to both directions.
  const double with_delta = dot(delta_, r), with_eta = dot(eta_, r);
  const double determinant = delta_delta_ * eta_eta_ - delta_eta_ * delta_eta_;
  const double x = (with_delta * eta_eta_ - with_eta * delta_eta_) / determinant;
  const double y = (with_eta * delta_delta_ - with_delta * delta_eta_) / determinant;
  for (std::size_t k = 0; k < r.size(); ++k) r[k] -= x * delta_[k] + y * eta_[k];
  return {x, y, std::sqrt(dot(r, r))};
}

bool has_filters(const Layout& layout) {
  const auto is_map = [](const Parameter& p) { return p.kind == Parameter::Kind::linear_map && p.shape.size() > 0; };
  return std::ranges::any_of(layout.parameters(), is_map);
}

std::vector<double> filter_normalised(std::vector<double> direction, std::span<const Real> theta,
                                      const Layout& layout) {
  if (!has_filters(layout)) throw Error("filter normalisation: theta has no filters, as it has no linear map");
  for (const Parameter& p : layout.parameters()) {
    const std::span<double> d = std::span(direction).subspan(p.offset, p.shape.size());
    if (p.kind != Parameter::Kind::linear_map) {
      std::ranges::fill(d, 0);
      continue;
    }
    for (Index j = 0; j < p.rows(); ++j) {
      const std::span<double> filter = d.subspan(j * p.columns(), p.columns());
      const double length = std::sqrt(dot(filter, filter));
      if (length > 0) scale(filter, norm(p.in(theta).subspan(j * p.columns(), p.columns())) / length);
    }
  }
  return direction;
}

}  // namespace l2l
