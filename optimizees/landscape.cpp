#include "optimizees/landscape.h"

#include <cmath>
#include <numbers>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "nn/spelling.h"
#include "optimizees/registry.h"

namespace l2l {
namespace {

constexpr double kPi = std::numbers::pi;

Var rosenbrock(Var x, Var y) { return square(1 - x) + 100 * square(y - square(x)); }

Var beale(Var x, Var y) {
  const Var y2 = square(y);
  return square(Real(1.5) - x + x * y) + square(Real(2.25) - x + x * y2) + square(Real(2.625) - x + x * y * y2);
}

Var himmelblau(Var x, Var y) { return square(square(x) + y - 11) + square(x + square(y) - 7); }

Var rastrigin(Var x, Var y) {
  const auto of = [](Var z) { return square(z) + 10 * (1 - cos(static_cast<Real>(2 * kPi) * z)); };
  return of(x) + of(y);
}

Var bowl(Var x, Var y) { return Real(0.5) * (square(x) + 2 * square(y)); }

Var ravine(Var x, Var y) { return Real(0.5) * (square(x) + 100 * square(y)); }

/// e^U(-ln k, ln k)
double log_uniform(Rng& rng, double k) { return std::pow(k, 2 * rng.uniform() - 1); }

}  // namespace

const std::vector<LandscapeKind>& landscape_kinds() {
  // The other three of Himmelblau's minima are roots of a cubic polynomial; the digits are from Newton's method.
  static const std::vector<LandscapeKind> kinds = {
      {"rosenbrock", rosenbrock, {{1, 1}}, {-1.5, -0.5}, {1.5, 2}, 50},
      {"beale", beale, {{3, 0.5}}, {0, -1}, {4, 1}, 6},
      {"himmelblau",
       himmelblau,
       {{3, 2},
        {-2.805118086952745, 3.131312518250573},
        {-3.779310253377747, -3.2831859912861696},
        {3.5844283403304917, -1.8481265269644034}},
       {-4, -4},
       {4, 4},
       85},
      {"rastrigin", rastrigin, {{0, 0}}, {-3, -3}, {3, 3}, 26},
      {"bowl", bowl, {{0, 0}}, {-4, -4}, {4, 4}, 7, 0.5},
      {"ravine", ravine, {{0, 0}}, {-4, -1}, {4, 1}, 15},
  };
  return kinds;
}

const LandscapeKind& find_landscape_kind(std::string_view name) {
  std::vector<std::string> names;
  std::string list;
  for (const LandscapeKind& kind : landscape_kinds()) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
    list += ", " + kind.name;
  }
  names.push_back("all");
  throw OptionError("kind '", name, "' is unknown; there are all", list, did_you_mean(name, names));
}

Landscape::Landscape(const LandscapeKind& kind, Rng& rng) : kind_(kind) {
  for (const int k : {0, 1}) {
    middle_[k] = (kind.low[k] + kind.high[k]) / 2;
    shift_[k] = kShift * (2 * rng.uniform() - 1);
  }
  const double phi = 2 * kPi * rng.uniform();
  cos_ = std::cos(phi), sin_ = std::sin(phi);
  scale_ = log_uniform(rng, kScale);
  amplitude_ = log_uniform(rng, kScale);
}

Point Landscape::inside(Point theta) const {
  const double u = scale_ * (theta[0] - shift_[0]), v = scale_ * (theta[1] - shift_[1]);
  return {middle_[0] + cos_ * u - sin_ * v, middle_[1] + sin_ * u + cos_ * v};
}

Point Landscape::outside(Point x) const {
  const double u = (x[0] - middle_[0]) / scale_, v = (x[1] - middle_[1]) / scale_;
  return {shift_[0] + cos_ * u + sin_ * v, shift_[1] - sin_ * u + cos_ * v};
}

void Landscape::init(Rng& rng, std::span<Real> theta) const {
  Point x;
  for (const int k : {0, 1}) x[k] = kind_.low[k] + (kind_.high[k] - kind_.low[k]) * rng.uniform();
  const Point start = outside(x);
  for (const int k : {0, 1}) theta[k] = static_cast<Real>(start[k]);
}

void Landscape::next_batch(Rng& rng) {
  if (kind_.noise == 0) return;
  for (double& z : noise_) z = kind_.noise * rng.normal();
}

Var Landscape::loss(Tape& tape, Var theta) {
  // x = A θ + b as one product.
  const Point b = inside({0, 0});
  const Real rotation[] = {static_cast<Real>(scale_ * cos_), static_cast<Real>(-scale_ * sin_),  //
                           static_cast<Real>(scale_ * sin_), static_cast<Real>(scale_ * cos_)};
  const Var x = matmul(tape.constant({2, 2}, rotation), reshape(theta, {2, 1}));
  const Var g = kind_.g(slice(x, 0, 1) + static_cast<Real>(b[0] - noise_[0]),
                        slice(x, 1, 1) + static_cast<Real>(b[1] - noise_[1]));
  return static_cast<Real>(kFloor) + static_cast<Real>(amplitude_ / kind_.unit) * sum(g);
}

std::vector<std::vector<Real>> Landscape::minima() const {
  std::vector<std::vector<Real>> found;
  for (const Point& x : kind_.minima) {
    const Point theta = outside(x);
    found.push_back({static_cast<Real>(theta[0]), static_cast<Real>(theta[1])});
  }
  return found;
}

OptimizeeEntry landscape() {
  std::string kinds;
  std::vector<std::string> words = {"all"};
  for (const LandscapeKind& kind : landscape_kinds()) {
    kinds += (kinds.empty() ? "" : ", ") + kind.name;
    words.push_back(kind.name);
  }
  return {
      .name = "landscape",
      .summary = "well-known functions of two coordinates, shifted, turned and scaled at random",
      .options =
          {{.name = "kind", .default_value = "all", .help = kinds + "; all: one of them at random", .words = words}},
      .make = [](const OptionValues& values) -> Family {
        const std::string& name = values.at("kind");
        const LandscapeKind* const one = name == "all" ? nullptr : &find_landscape_kind(name);
        // Every split has fresh functions: the family is infinite.
        return [=](Rng& rng, Split) {
          const std::vector<LandscapeKind>& all = landscape_kinds();
          const LandscapeKind& any = all[rng.below(static_cast<Index>(all.size()))];
          return std::make_unique<Landscape>(one ? *one : any, rng);
        };
      },
      .optimizer = {.preprocess = {Preprocess::Kind::log_sign, 10}, .output_scale = 0.1},
      .training = {.epochs = 1000,
                   .steps = 100,
                   .unroll = 20,
                   .functions = 16,
                   .learning_rate = 0.01,
                   .validate_every = 50,
                   .validation_functions = 256},
  };
}

}  // namespace l2l
