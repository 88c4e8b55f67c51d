#pragma once
#include <array>
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.h"
#include "optim/function.h"

namespace l2l {

/// A point of the plane.
using Point = std::array<double, 2>;

/// A function g ≥ 0 of two coordinates, with minima of value 0 at known places:
///
///     rosenbrock   (1-x)² + 100 (y-x²)²                                       (Rosenbrock 1960)
///     beale        (1.5-x+xy)² + (2.25-x+xy²)² + (2.625-x+xy³)²               (Moré, Garbow & Hillstrom 1981, no. 5)
///     himmelblau   (x²+y-11)² + (x+y²-7)²                                     (Himmelblau 1972)
///     rastrigin    20 + x² - 10 cos 2πx + y² - 10 cos 2πy                     (Rastrigin 1974)
///     bowl         ½ ((x-ξ)² + 2 (y-η)²), ξ and η from N(0, ½²), new for each evaluation: the noisy quadratic of
///                  Schaul, Zhang & LeCun 2013. Its mean is the bowl without noise, plus ½ (¼ + 2·¼).
///     ravine       ½ (x² + 100 y²)
struct LandscapeKind {
  std::string name;
  Var (*g)(Var x, Var y);  // arrays of equal shape, element by element
  std::vector<Point> minima;  // g = 0
  Point low, high;  // searches start in this box, uniformly
  double unit;  // a typical value there: the median, rounded
  double noise = 0;  // deviation of x and y
};
const std::vector<LandscapeKind>& landscape_kinds();
/// A UsageError that lists the names there are if none fits.
const LandscapeKind& find_landscape_kind(std::string_view name);

/// One of these functions, shifted, turned and scaled at random:
///
///     f(θ) = 0.001 + a g(p + s R(φ) (θ - c)) / unit
///
/// with p the middle of the box, R(φ) the rotation by φ, uniform; c uniform in [-2, 2]²; and s and a log-uniform from
/// ⅔ to 1½. So searches begin within 9 of c with losses around 1; and as the smallest loss is 0.001, all have a
/// logarithm.
class Landscape : public Function {
 public:
  static constexpr double kFloor = 0.001, kShift = 2, kScale = 1.5;

  Landscape(const LandscapeKind& kind, Rng& rng);

  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override;
  void next_batch(Rng& rng) override;
  Var loss(Tape& tape, Var theta) override;
  std::vector<std::vector<Real>> minima() const override;

  const LandscapeKind& kind() const { return kind_; }
  /// p + s R (θ - c), and the θ that it belongs to.
  Point inside(Point theta) const;
  Point outside(Point x) const;

 private:
  const LandscapeKind& kind_;
  Layout layout_ = Layout::flat(2);
  Point middle_, shift_;  // p, c
  double scale_, amplitude_;  // s, a
  double cos_, sin_;  // of φ
  Point noise_ = {0, 0};  // (ξ, η) of the present evaluation
};

}  // namespace l2l
