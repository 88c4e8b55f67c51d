#include <cmath>

#include "autodiff/ops.h"
#include "optimizees/registry.h"
#include "tests/tolerance.h"

namespace l2l::quadratic_test {

using namespace l2l::testing;

namespace {

Family make(const std::string& batch, const std::string& dim) {
  return make_optimizee(find_optimizee("quadratic"), {{"batch", batch}, {"dim", dim}});
}

}  // namespace

TEST_CASE("quadratic: gradient check") {
  Rng rng(1);
  const GradientCheck check = gradcheck(make("3", "4"), rng);
  INFO(check.worst);
  CHECK(check.ok());
}

TEST_CASE("quadratic: every function sees its own gradient, 2 W'(W theta - y), whatever the batch") {
  const int B = 5, D = 3;
  Rng rng(7);
  const auto f = make("5", "3")(rng, Split::train);
  CHECK(f->functions() == B);
  CHECK(f->layout().size() == B * D);
  std::vector<Real> theta(B * D);
  f->init(rng, theta);
  Evaluation evaluation;
  const double loss = evaluation(*f, theta);

  // The same stream again: W, then y.
  Rng again(7);
  std::vector<Real> W(B * D * D), y(B * D);
  again.fill_normal(W, 0, 1);
  again.fill_normal(y, 0, 1);
  Sum total;
  for (int b = 0; b < B; ++b) {
    std::vector<Sum> r(D);
    for (int i = 0; i < D; ++i) {
      r[i].add(-y[b * D + i]);
      for (int j = 0; j < D; ++j) r[i].add(Sum::Wide(W[(b * D + i) * D + j]) * theta[b * D + j]);
      total.add(r[i].value, r[i]);
    }
    for (int j = 0; j < D; ++j) {
      Sum expected;
      for (int i = 0; i < D; ++i) expected.add(2 * Sum::Wide(W[(b * D + i) * D + j]), r[i]);
      CHECK(evaluation.gradient()[b * D + j] == Near(expected));
    }
  }
  CHECK(B * loss == Near(total));
}

TEST_CASE("quadratic: W, y and theta_0 are standard Gaussian: the first loss is dim (dim + 1) per function") {
  Rng rng(3);
  const auto f = make("2000", "10")(rng, Split::test);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  double mean = 0, square = 0;
  for (const Real x : theta) {
    mean += x / double(theta.size());
    square += double(x) * x / double(theta.size());
  }
  // Four standard errors of 20,000 numbers, and of 2000 functions: with s = ‖θ‖² + 1, of mean 11 and variance 20, a
  // loss has the mean 10 s and the variance 20 s².
  CHECK(mean == Near(0, 4 / std::sqrt(20000)));
  CHECK(square == Near(1, 4 * std::sqrt(2) / std::sqrt(20000)));
  Evaluation evaluation;
  CHECK(evaluation(*f, theta) == Near(110, 4 * std::sqrt((20 * (121 + 20) + 100 * 20) / 2000)));
}

TEST_CASE("quadratic: the seed decides the function, and each is fresh") {
  const Family family = make("4", "3");
  const std::vector<Real> theta(12, Real(0.5));
  Rng rng_f(5), rng_g(5);
  const auto f = family(rng_f, Split::train), g = family(rng_g, Split::train);
  Evaluation evaluation;
  const double first = evaluation(*f, theta);
  CHECK(evaluation(*f, theta) == first);
  CHECK(evaluation(*g, theta) == first);
  CHECK(evaluation(*family(rng_f, Split::train), theta) != first);
}

}  // namespace l2l::quadratic_test
