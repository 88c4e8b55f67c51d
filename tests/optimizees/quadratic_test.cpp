#include <cmath>

#include "autodiff/ops.h"
#include "optimizees/registry.h"
#include "tests/catch.h"

using namespace l2l;

namespace {

std::unique_ptr<Optimizee> make(const std::string& batch, const std::string& dim) {
  return make_optimizee(find_optimizee("quadratic"), {{"batch", batch}, {"dim", dim}})();
}

}  // namespace

TEST_CASE("quadratic: gradient check") {
  Rng rng(1);
  const GradientCheck check = gradcheck(*make("3", "4"), rng);
  INFO(check.worst);
  CHECK(check.ok());
}

TEST_CASE("quadratic: every function sees its own gradient, 2 W'(W theta - y), whatever the batch") {
  const int B = 5, D = 3;
  const auto f = make("5", "3");
  CHECK(f->functions() == B);
  CHECK(f->layout().size() == B * D);

  Rng rng(7);
  f->sample(rng, Split::train);
  std::vector<Real> theta(B * D);
  f->init(rng, theta);
  Gradient gradient;
  const Real loss = gradient(*f, theta);

  // The same stream again: W, then y.
  Rng again(7);
  std::vector<Real> W(B * D * D), y(B * D);
  again.fill_normal(W, 0, 1);
  again.fill_normal(y, 0, 1);
  const double tolerance = sizeof(Real) == 8 ? 1e-12 : 1e-4;
  double total = 0;
  for (int b = 0; b < B; ++b) {
    std::vector<double> r(D);
    for (int i = 0; i < D; ++i) {
      r[i] = -y[b * D + i];
      for (int j = 0; j < D; ++j) r[i] += double(W[(b * D + i) * D + j]) * theta[b * D + j];
      total += r[i] * r[i];
    }
    for (int j = 0; j < D; ++j) {
      double expected = 0;
      for (int i = 0; i < D; ++i) expected += 2 * W[(b * D + i) * D + j] * r[i];
      CHECK(gradient.values()[b * D + j] == Approx(expected).epsilon(tolerance).margin(tolerance));
    }
  }
  CHECK(loss == Approx(total).epsilon(tolerance));
}

TEST_CASE("quadratic: W, y and theta_0 are standard Gaussian: the first loss is dim (dim + 1) per function") {
  const auto f = make("2000", "10");
  Rng rng(3);
  f->sample(rng, Split::test);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  double mean = 0, square = 0;
  for (const Real x : theta) {
    mean += x / double(theta.size());
    square += double(x) * x / double(theta.size());
  }
  CHECK(std::abs(mean) < 0.03);  // 4 standard errors
  CHECK(std::abs(square - 1) < 0.04);
  Gradient gradient;
  CHECK(gradient(*f, theta) / f->functions() == Approx(110).margin(8));
}

TEST_CASE("quadratic: the seed decides the function, and each sample is fresh") {
  const auto f = make("4", "3"), g = make("4", "3");
  const std::vector<Real> theta(12, Real(0.5));
  Rng rng_f(5), rng_g(5);
  f->sample(rng_f, Split::train);
  g->sample(rng_g, Split::train);
  Gradient gradient;
  const Real first = gradient(*f, theta);
  CHECK(gradient(*f, theta) == first);
  CHECK(gradient(*g, theta) == first);
  f->sample(rng_f, Split::train);
  CHECK(gradient(*f, theta) != first);
}
