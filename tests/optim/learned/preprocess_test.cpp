#include "optim/learned/preprocess.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "autodiff/error.h"
#include "nn/random.h"
#include "optim/learned/parameter_features.h"
#include "optim/orthogonalize.h"
#include "tests/tolerance.h"

namespace l2l::preprocess_test {

using namespace l2l::testing;

namespace {
// Features are at most 1: a logarithm, p and a quotient; or the threshold, the gradient and a quotient.
constexpr int kRoundings = 4 + 1 + 1;

struct Features {
  Real first, second;
};
/// The two features of one gradient coordinate.
Features log_sign(Real g, double p = 10) {
  Real out[2];
  Preprocess{Preprocess::Kind::log_sign, p}(std::span(&g, 1), nullptr, 0, out, 1);
  return {out[0], out[1]};
}
}  // namespace

TEST_CASE("log-and-sign at values computed by hand") {
  struct Case {
    double g, first, second;
  };
  // p = 10: log|g| / 10 and the sign above e^-10 = 4.54e-5; -1 and e^10 g below
  for (const Case& c : {Case{1, 0, 1}, Case{-1, 0, -1}, Case{std::exp(5.0), 0.5, 1}, Case{-std::exp(-5.0), -0.5, -1},
                        Case{1e-4, -0.9210340371976183, 1}, Case{std::exp(-12.0), -1, 0.1353352832366127},
                        Case{-1e-5, -1, -0.22026465794806718}, Case{0, -1, 0}, Case{-0.0, -1, 0}}) {
    INFO("g = " << c.g);
    const Features f = log_sign(static_cast<Real>(c.g));
    CHECK(f.first == rounded(c.first, kRoundings, 1));
    CHECK(f.second == rounded(c.second, kRoundings, 1));
  }
}

TEST_CASE("log-and-sign changes branch at e^-p itself, and is continuous there") {
  for (double p : {1.0, 5.0, 10.0, 80.0}) {
    INFO("p = " << p);
    const Real threshold = static_cast<Real>(std::exp(-p)), below = std::nextafter(threshold, Real(0));
    for (Real sign : {Real(1), Real(-1)}) {
      const Features at = log_sign(sign * threshold, p), under = log_sign(sign * below, p);
      CHECK(at.first == rounded(-1, kRoundings, 1));
      CHECK(at.second == sign);  // exactly: the first branch
      CHECK(under.first == -1);  // exactly: the second
      CHECK(std::abs(under.second) < 1);
      CHECK(under.second == rounded(sign, kRoundings, 1));
    }
  }
}

TEST_CASE("log-and-sign of what is not ordinary") {
  const Real infinity = std::numeric_limits<Real>::infinity(), denormal = std::numeric_limits<Real>::denorm_min();
  CHECK(log_sign(infinity).first == infinity);
  CHECK(log_sign(-infinity).first == infinity);
  CHECK(log_sign(-infinity).second == -1);
  CHECK(std::isnan(log_sign(NAN).second));  // it must not look like a gradient of 0
  CHECK(log_sign(denormal).first == -1);
  CHECK(log_sign(-denormal).second <= 0);
  CHECK(std::abs(log_sign(denormal).second) < 1e-30);
  // A threshold below the smallest number: 0 still takes the second branch, all others the first.
  CHECK(log_sign(0, 1000).first == -1);
  CHECK(log_sign(0, 1000).second == 0);
  CHECK(log_sign(-1, 1000).second == -1);
  CHECK(log_sign(denormal, 1000).first == rounded(std::log(static_cast<double>(denormal)) / 1000, kRoundings));
}

TEST_CASE("parameters that make no sense are refused before they are used") {
  for (const double p : {0.0, -1.0, 1e-60, double(NAN), double(INFINITY)}) {
    if (p == 1e-60 && sizeof(Real) == 8) continue;  // 0 in float only
    CHECK_THROWS_AS((Preprocess{Preprocess::Kind::log_sign, p}.check()), Error);
    CHECK_THROWS_AS((Preprocess{Preprocess::Kind::rescale, p}.check()), Error);
  }
  CHECK_NOTHROW((Preprocess{Preprocess::Kind::none, 0}.check()));
  CHECK_NOTHROW((Preprocess{}.check()));
}

TEST_CASE("features lie apart by the stride, for any count") {
  Rng rng(0);
  const Preprocess preprocess{Preprocess::Kind::log_sign, 10};
  CHECK(preprocess.features() == 2);
  for (Index n : {0, 1, 3, 7, 8, 15, 16, 17, 33, 100}) {
    const Index stride = n + 5;
    std::vector<Real> g(n), out(2 * stride, Real(99));
    for (Real& x : g) x = static_cast<Real>(std::exp(-20 * rng.uniform()) * (rng.uniform() < 0.5 ? -1 : 1));
    preprocess(g, nullptr, 0, out.data(), stride);
    for (Index j = 0; j < stride; ++j) {
      if (j >= n) {
        CHECK(out[j] == 99);
        CHECK(out[stride + j] == 99);
        continue;
      }
      const double x = g[j], a = std::abs(x);
      const bool large = a >= std::exp(-10.0);
      CHECK(out[j] == rounded(large ? std::log(a) / 10 : -1, kRoundings, 1));
      CHECK(out[stride + j] == rounded(large ? x / a : std::exp(10.0) * x, kRoundings, 1));
    }
  }
}

TEST_CASE("none copies and rescale multiplies") {
  const std::vector<Real> g = {1, -2, 0, std::numeric_limits<Real>::infinity()};
  std::vector<Real> out(4);
  const Preprocess none{Preprocess::Kind::none, 10}, rescale{Preprocess::Kind::rescale, 0.5};
  CHECK(none.features() == 1);
  CHECK(rescale.features() == 1);
  none(g, nullptr, 0, out.data(), 4);
  CHECK(out == g);
  rescale(g, nullptr, 0, out.data(), 4);
  CHECK(out == std::vector<Real>{Real(0.5), -1, 0, std::numeric_limits<Real>::infinity()});
}

namespace {
/// (1-β) Σ_i β^{t-i} x_i / (1 - β^{t+1}): the moving average of x_0 … x_t, written as the sum that it is.
double average(double beta, const std::vector<double>& x) {
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double weight = std::pow(beta, static_cast<double>(x.size() - 1 - i));
    sum += weight * x[i];
    weights += weight;
  }
  return sum / weights;
}
}  // namespace

TEST_CASE("moments and timescales are averages of all gradients so far, divided by their size") {
  // Two coordinates of a block of three, with gradients of very different sizes.
  const Preprocess moments{Preprocess::Kind::moments, 0.95}, timescales{Preprocess::Kind::timescales, 0};
  constexpr Index stride = 3;
  Rng rng(4);
  for (const Preprocess& preprocess : {moments, timescales}) {
    CAPTURE(name_of(preprocess.kind));
    const bool three = preprocess.kind == Preprocess::Kind::timescales;
    std::vector<Real> memory(preprocess.memory() * stride, 0);
    std::vector<std::vector<double>> seen(2), squares(2);
    for (Index t = 0; t < 40; ++t) {
      const std::vector<Real> g = {static_cast<Real>(rng.normal()), static_cast<Real>(1e-4 * rng.normal())};
      std::vector<Real> out(preprocess.features() * stride, 7);
      preprocess(g, memory.data(), t, out.data(), stride);
      for (Index k = 0; k < 2; ++k) {
        CAPTURE(t, k);
        seen[k].push_back(g[k]);
        squares[k].push_back(static_cast<double>(g[k]) * g[k]);
        // An average of t numbers that decays: each step rounds three times, what is older is forgotten as it goes.
        // Roundings of v are halved by the root; sizes are at most 1/√(1-β) = 10.
        const double s = std::sqrt(average(three ? 0.99 : 0.95, squares[k])) + 1e-8, roundings = 3.0 * (t + 1) + 8;
        std::vector<double> expected = {g[k] / s};
        for (const double beta : three ? std::vector{0.5, 0.9, 0.99} : std::vector{0.95}) {
          expected.push_back(average(beta, seen[k]) / s);
        }
        if (three) expected.push_back(std::log10(1.0 + static_cast<double>(t)) / 3);
        REQUIRE(static_cast<Index>(expected.size()) == preprocess.features());
        for (std::size_t f = 0; f < expected.size(); ++f) {
          CHECK(out[f * stride + k] == rounded(expected[f], roundings, 10));
        }
      }
      CHECK(out[2] == 7);  // not ours
    }
  }
  CHECK(moments.direction() == 1);
  CHECK(timescales.direction() == 2);
  CHECK_THROWS_AS((Preprocess{Preprocess::Kind::moments, 1}.check()), Error);
  CHECK_THROWS_AS((Preprocess{Preprocess::Kind::orthogonal, 1.5}.check()), Error);
  CHECK_THROWS_AS((Preprocess{Preprocess::Kind::orthogonal, -0.1}.check()), Error);
  CHECK_THROWS_AS((Preprocess{Preprocess::Kind::moments, 0}.check()), Error);
}

TEST_CASE("orthogonal features: those of timescales, and what a coordinate sees of its parameter") {
  Layout layout;
  const Parameter bias = layout.add("bias", {2}), map = layout.add("map", {3, 4}, "", Parameter::Kind::linear_map);
  const double growth = GENERATE(0.0, 0.3);
  const Preprocess orthogonal{Preprocess::Kind::orthogonal, growth}, timescales{Preprocess::Kind::timescales, 0};
  const Index n = layout.size();
  ParameterFeatures of_parameters(orthogonal, layout);
  REQUIRE(of_parameters.rows() == 3);
  CHECK(ParameterFeatures(timescales, layout).rows() == 0);
  std::vector<Real> memory(4 * n, 0), other_memory(4 * n, 0), rows(3 * n), x(8 * n), same(5 * n), scratch, g(n);
  std::vector<double> m(n, 0), v(n, 0), cosine(2, 0);
  double forgotten = 1;
  Rng rng(5);
  for (Index t = 0; t < 5; ++t) {
    CAPTURE(t);
    rng.fill_normal(g, 0, 1);
    of_parameters(g, rows.data());
    orthogonal(g, memory.data(), t, x.data(), n, rows.data());
    timescales(g, other_memory.data(), t, same.data(), n);
    CHECK(std::vector<Real>(x.begin(), x.begin() + 5 * n) == same);
    // By hand for q = 0.3: 1 - 0.1 · 1000^0.3 = 0.206, 1 - 0.1 · 500^0.3 = 0.355, …
    const double hand[] = {0.205672, 0.354805, 0.428701, 0.475939, 0.509873};
    const double decay = growth == 0 ? 0.9 : momentum_decay(t, growth);
    if (growth > 0) CHECK(std::abs(decay - hand[t]) < 1e-6);
    forgotten *= decay;
    for (const Parameter& p : {bias, map}) {
      double gg = 0, mm = 0, gm = 0;
      for (Index k = p.offset; k < p.offset + p.shape.size(); ++k) {
        gg += static_cast<double>(g[k]) * g[k];
        mm += m[k] * m[k];
        gm += g[k] * m[k];
        m[k] = decay * m[k] + (1 - decay) * g[k];
        v[k] = 0.99 * v[k] + 0.01 * g[k] * g[k];
      }
      double& average = cosine[p.offset == map.offset];
      average = 0.9 * average + 0.1 * (mm > 0 ? gm / std::sqrt(gg * mm) : 0);
    }
    std::vector<Real> O(12);
    for (Index k = 0; k < 12; ++k) O[k] = static_cast<Real>(decay * m[k + 2] + (1 - decay) * g[k + 2]);
    orthogonalize(O.data(), 3, 4, scratch);
    for (Index k = 0; k < n; ++k) {
      CAPTURE(k);
      const bool is_map = k >= map.offset;
      // The momentum is rounded three times a step, and the iteration makes that 4^5 times larger.
      if (is_map) CHECK(x[5 * n + k] == rounded(O[k - 2], 1024.0 * 3 * static_cast<double>(t + 1), 3));
      const double s = std::sqrt(v[k] / (1 - std::pow(0.99, static_cast<double>(t + 1)))) + 1e-8;
      if (!is_map) CHECK(x[5 * n + k] == rounded(m[k] / (1 - forgotten) / s, 8.0 * static_cast<double>(t + 1), 3));
      if (!is_map && growth == 0) CHECK(x[5 * n + k] == rounded(x[2 * n + k], 8.0 * static_cast<double>(t + 1), 3));
      CHECK(x[6 * n + k] == (is_map ? 1 : 0));
      CHECK(x[7 * n + k] == rounded(cosine[is_map], 3.0 * static_cast<double>(t + 1) + 20, 1));
    }
  }
  CHECK(orthogonal.direction() == 5);
}

TEST_CASE("the derivative of preprocessing agrees with differences") {
  if (sizeof(Real) == 4) return;  // differences need double
  using Kind = Preprocess::Kind;
  const std::vector<Real> g = {2, -3, Real(0.01), Real(-0.02), Real(1e-5), Real(-2e-5), 0};  // both branches of log
  const Index n = static_cast<Index>(g.size());
  for (const Preprocess& preprocess :
       {Preprocess{Kind::none, 1}, Preprocess{Kind::rescale, 0.3}, Preprocess{Kind::log_sign, 10}}) {
    CAPTURE(name_of(preprocess.kind));
    const Index stride = n + 3;
    std::vector<Real> dout(preprocess.features() * stride, 0.7), dgradient(n, 100);
    if (preprocess.features() == 2) std::fill(dout.begin() + stride, dout.end(), Real(-1.3));
    preprocess.backward(g, dout.data(), stride, dgradient.data());
    const auto weighted = [&](Real moved) {
      Real out[2] = {};
      preprocess(std::span(&moved, 1), nullptr, 0, out, 1);
      return 0.7 * out[0] - 1.3 * out[1];
    };
    for (Index k = 0; k < n; ++k) {
      const Near expected = derivative(weighted, g[k], 1e-8, 2 * kRoundings + 3);
      // And the 100 that was there is rounded with it.
      CHECK(dgradient[k] - 100 == Near(expected.value, expected.bound + std::abs(dgradient[k]) * kUnit<>));
    }
  }
}

TEST_CASE("kinds of preprocessing have names") {
  using Kind = Preprocess::Kind;
  for (Kind kind : {Kind::none, Kind::rescale, Kind::log_sign, Kind::moments, Kind::timescales})
    CHECK(parse_preprocess(name_of(kind)) == kind);
  CHECK(parse_preprocess("log") == Kind::log_sign);
  CHECK_THROWS_AS(parse_preprocess("sign"), UsageError);
}

}  // namespace l2l::preprocess_test
