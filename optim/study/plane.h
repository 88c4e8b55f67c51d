#pragma once
#include <span>
#include <vector>

#include "nn/layout.h"

namespace l2l {

/// A plane in the space of θ: the points origin + x δ + y η.
class Plane {
 public:
  /// An Error unless the directions are as long as the origin and span a plane.
  Plane(std::span<const Real> origin, std::vector<double> delta, std::vector<double> eta);
  /// That through `origin`, `a` and `b`, with x and y as distances: δ points to `a`, η is orthogonal to it and `b` is
  /// on its side. An Error if the three are on a line.
  static Plane through(std::span<const Real> origin, std::span<const Real> a, std::span<const Real> b);
  /// That of a θ of two elements, which are x and y.
  static Plane of_coordinates();

  const std::vector<double>& delta() const { return delta_; }
  const std::vector<double>& eta() const { return eta_; }

  std::vector<Real> at(double x, double y) const;
  /// Where the point of the plane that is nearest to θ is, and how far from θ: its orthogonal projection.
  struct Projection {
    double x, y, distance;
  };
  Projection project(std::span<const Real> theta) const;

 private:
  std::vector<double> origin_, delta_, eta_;
  double delta_delta_, delta_eta_, eta_eta_;  // ⟨δ, δ⟩, ⟨δ, η⟩, ⟨η, η⟩
};

/// Whether there is a filter in θ: a row of a linear map, the weights that make one unit or one channel.
bool has_filters(const Layout& layout);

/// A direction whose filters have the norms of those of θ (Li et al. 2018, "Visualizing the Loss Landscape of Neural
/// Nets", section 4):
///     d_ij ← d_ij ‖θ_ij‖ / ‖d_ij‖        for filter j of layer i, with Frobenius norms
/// So a network and the same one with other units (rectified ones can be scaled by any factor, and the next layer by
/// its inverse) look the same. Where a filter of d is 0 it stays so. What belongs to no filter (biases, gains) becomes
/// 0, as in the pictures of the authors. direction: [layout.size()]; an Error if there is no filter.
std::vector<double> filter_normalised(std::vector<double> direction, std::span<const Real> theta, const Layout& layout);

}  // namespace l2l
