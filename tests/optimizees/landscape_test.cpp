#include "optimizees/landscape.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "optim/evaluate.h"
#include "optim/statistics.h"
#include "optimizees/registry.h"
#include "tests/tolerance.h"

namespace l2l::landscape_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

Family family(const std::string& kind) { return make_optimizee(find_optimizee("landscape"), {{"kind", kind}}); }

double g_at(const LandscapeKind& kind, double x, double y) {
  Tape tape;
  const Real point[] = {static_cast<Real>(x), static_cast<Real>(y)};
  return kind.g(tape.constant({1}, std::span(point).first(1)), tape.constant({1}, std::span(point).last(1)))
      .values()[0];
}

double at(Function& f, Point theta) {
  Evaluation evaluation;
  const Real point[] = {static_cast<Real>(theta[0]), static_cast<Real>(theta[1])};
  return evaluation(f, point);
}

double distance(Point a, Point b) { return std::hypot(a[0] - b[0], a[1] - b[1]); }

}  // namespace

TEST_CASE("landscape: gradient checks of every kind, at random places") {
  for (const LandscapeKind& kind : landscape_kinds()) {
    for (int seed = 0; seed < 10; ++seed) {
      Rng rng(seed);
      const GradientCheck check = gradcheck(family(kind.name), rng);
      INFO(kind.name << ", seed " << seed << ": " << check.worst);
      CHECK(check.ok());
    }
  }
}

TEST_CASE("landscape: values by hand") {
  struct Known {
    const char* kind;
    double x, y, value;
  };
  // 24.2 and 14.203125 are the values at the starting points of Moré, Garbow & Hillstrom 1981; the maximum of
  // Himmelblau's function, 181.617, is in many textbooks.
  const Known known[] = {
      {"rosenbrock", -1.2, 1, 24.2},
      {"rosenbrock", 0, 0, 1},
      {"rosenbrock", 2, 3, 1 + 100},
      {"beale", 1, 1, 14.203125},
      {"beale", 2, -1, 13.203125},
      {"beale", 0, 7, 14.203125},
      {"himmelblau", 0, 0, 121 + 49},
      {"himmelblau", 1, 1, 81 + 25},
      {"himmelblau", 4, 0, 25 + 9},
      {"rastrigin", 0.5, 0.5, 2 * 20.25},
      {"rastrigin", 1, 2, 5},
      {"rastrigin", 0.25, 0, 10.0625},
      {"bowl", 2, 1, 3},
      {"ravine", 2, 1, 52},
  };
  for (const Known& k : known) {
    INFO(k.kind << " at " << k.x << ", " << k.y);
    // Some 20 roundings of what is at most 100.
    CHECK(g_at(find_landscape_kind(k.kind), k.x, k.y) == rounded(k.value, 20, 100));
  }
  CHECK(g_at(find_landscape_kind("himmelblau"), -0.270845, -0.923039) == Near(181.617, 6e-4));
}

TEST_CASE("landscape: shift, turn and scale keep the value of the minimum") {
  for (const LandscapeKind& kind : landscape_kinds()) {
    for (int seed = 0; seed < 20; ++seed) {
      Rng rng(seed);
      Landscape f(kind, rng);
      const std::vector<std::vector<Real>> minima = f.minima();
      REQUIRE(minima.size() == (kind.name == "himmelblau" ? 4 : 1));
      for (const std::vector<Real>& theta : minima) {
        INFO(kind.name << ", seed " << seed << ", minimum at " << theta[0] << ", " << theta[1]);
        // x is off by some roundings of numbers up to 12, and no curvature is above 1002 (Rosenbrock's); residuals have
        // a few roundings of numbers up to 16.
        const double x = roundings(16) * kUnit<> * 12, residual = 8 * kUnit<> * 16;
        const double bound = Landscape::kScale / kind.unit * (1002 * x * x + 100 * residual * residual);
        Evaluation evaluation;
        CHECK(evaluation(f, theta) == Near(Landscape::kFloor, bound + 4 * kUnit<> * Landscape::kFloor));
        // It is a minimum: everything around is higher.
        for (const Point step : {Point{0.01, 0}, Point{-0.01, 0}, Point{0, 0.01}, Point{0, -0.01}}) {
          CHECK(at(f, {theta[0] + step[0], theta[1] + step[1]}) > Landscape::kFloor);
        }
      }
    }
  }
}

TEST_CASE("landscape: f is g, shifted, turned and scaled within the ranges stated") {
  std::vector<double> scales, amplitudes;
  for (const LandscapeKind& kind : landscape_kinds()) {
    for (int seed = 0; seed < 100; ++seed) {
      Rng rng(seed);
      Landscape f(kind, rng);
      const Point a = {0.3, -1.1}, b = {-0.7, 0.4};
      const double s = distance(f.inside(a), f.inside(b)) / distance(a, b);
      CHECK((s > 0.6666 && s < 1.5001));
      // The middle of the box lies at the shift.
      const Point c = f.outside({(kind.low[0] + kind.high[0]) / 2, (kind.low[1] + kind.high[1]) / 2});
      CHECK((std::abs(c[0]) <= 2 && std::abs(c[1]) <= 2));
      CHECK(distance(f.outside(f.inside(a)), a) < 1e-12);
      // One factor for all points.
      const double of_a = (at(f, a) - Landscape::kFloor) * kind.unit / g_at(kind, f.inside(a)[0], f.inside(a)[1]);
      const double of_b = (at(f, b) - Landscape::kFloor) * kind.unit / g_at(kind, f.inside(b)[0], f.inside(b)[1]);
      INFO(kind.name << ", seed " << seed);
      CHECK((of_a > 0.666 && of_a < 1.501));
      CHECK(of_a == Near(of_b, kDouble ? 1e-9 : 0.02));
      scales.push_back(s), amplitudes.push_back(of_a);
    }
  }
  // The ranges are used: of 600 log-uniform numbers some are near each end.
  CHECK((std::ranges::min(scales) < 0.7 && std::ranges::max(scales) > 1.45));
  CHECK((std::ranges::min(amplitudes) < 0.7 && std::ranges::max(amplitudes) > 1.45));
}

TEST_CASE("landscape: searches begin in the box, with losses of comparable size") {
  for (const LandscapeKind& kind : landscape_kinds()) {
    std::vector<double> losses;
    for (int seed = 0; seed < 2000; ++seed) {
      Rng rng(seed);
      Landscape f(kind, rng);
      std::vector<Real> theta(2);
      f.init(rng, theta);
      const Point x = f.inside({theta[0], theta[1]});
      for (const int k : {0, 1}) REQUIRE((x[k] > kind.low[k] - 1e-5 && x[k] < kind.high[k] + 1e-5));
      Evaluation evaluation;
      losses.push_back(evaluation(f, theta));
    }
    INFO(kind.name << ": the median loss is " << median(losses));
    CHECK(std::ranges::min(losses) >= Real(Landscape::kFloor));
    CHECK((median(losses) > 0.7 && median(losses) < 1.4));
    CHECK(mean(losses) < 3);
  }
}

TEST_CASE("landscape: the seed decides the function; splits have different ones") {
  const Family all = family("all");
  const Point theta = {0.5, 0.25};
  const auto loss = [&](Split split, std::uint64_t seed, int k) {
    EvaluateOptions options;
    options.split = split, options.seed = seed;
    Rng rng = function_stream(k, options);
    return at(*all(rng, split), theta);
  };
  const double first = loss(Split::test, 0, 0);
  CHECK(loss(Split::test, 0, 0) == first);
  for (const double other :
       {loss(Split::validation, 0, 0), loss(Split::train, 0, 0), loss(Split::test, 1, 0), loss(Split::test, 0, 1)}) {
    CHECK(other != first);
  }
}

TEST_CASE("landscape: the bowl's noise has mean zero, and the others have none") {
  for (const LandscapeKind& kind : landscape_kinds()) {
    INFO(kind.name);
    Rng rng(5);
    Landscape f(kind, rng);
    std::vector<Real> theta(2);
    f.init(rng, theta);
    Evaluation evaluation;
    const double loss = evaluation(f, theta);
    const std::vector<double> gradient(evaluation.gradient().begin(), evaluation.gradient().end());
    const Rng::State before = rng.state();
    if (kind.name != "bowl") {
      f.next_batch(rng);
      CHECK(rng.state() == before);
      CHECK(evaluation(f, theta) == loss);
      continue;
    }
    std::vector<double> losses, by_x, by_y;
    for (int k = 0; k < 20'000; ++k) {
      f.next_batch(rng);
      losses.push_back(evaluation(f, theta));
      by_x.push_back(evaluation.gradient()[0]), by_y.push_back(evaluation.gradient()[1]);
    }
    CHECK(mean(by_x) == Near(gradient[0], 4 * standard_error(by_x)));
    CHECK(mean(by_y) == Near(gradient[1], 4 * standard_error(by_y)));
    CHECK(standard_error(by_x) > 0);
    // f = floor + a/unit ½ ((x-ξ)² + 2 (y-η)²) is higher by a/unit ½ (¼ + ½) on average, and so is its smallest mean.
    const Point x = f.inside({theta[0], theta[1]});
    const double per_g = (loss - Landscape::kFloor) / g_at(kind, x[0], x[1]);
    CHECK(mean(losses) == Near(loss + per_g * 0.375, 4 * standard_error(losses)));
    CHECK(*std::ranges::min_element(losses) > 0);
  }
}

TEST_CASE("landscape: all kinds are drawn equally often; an unknown one is refused") {
  std::map<std::string, int> drawn;
  const Family all = family("all");
  Rng rng(1);
  for (int k = 0; k < 6000; ++k) {
    const std::unique_ptr<Function> f = all(rng, Split::train);
    ++drawn[dynamic_cast<const Landscape&>(*f).kind().name];
  }
  CHECK(drawn.size() == 6);
  for (const auto& [name, count] : drawn) CHECK(count == Near(1000, 4 * std::sqrt(6000. / 6 * 5 / 6)));
  for (int k = 0; k < 20; ++k) {
    const std::unique_ptr<Function> f = family("beale")(rng, Split::train);
    CHECK(dynamic_cast<const Landscape&>(*f).kind().name == "beale");
  }
  CHECK_THROWS_AS(family("rosenbrok"), OptionError);
  CHECK_THROWS_WITH(family("rosenbrok"),
                    ContainsSubstring("kind 'rosenbrok' is unknown; there are all, rosenbrock, beale") &&
                        ContainsSubstring("did you mean rosenbrock?"));
}

}  // namespace l2l::landscape_test
