#include "optim/orthogonalize.h"

#include <cmath>
#include <limits>

#include "nn/random.h"
#include "tests/nn/reference.h"

namespace l2l::orthogonalize_test {

using namespace l2l::testing;

namespace {

using Matrix = std::vector<std::vector<double>>;

/// `count` orthonormal vectors of R^n: random ones, by Gram and Schmidt.
Matrix orthonormal(Rng& rng, Index count, Index n) {
  Matrix vectors;
  for (Index i = 0; i < count; ++i) {
    std::vector<double> v(n);
    for (double& x : v) x = rng.normal();
    for (int twice = 0; twice < 2; ++twice) {
      for (const std::vector<double>& w : vectors) {
        double along = 0;
        for (Index k = 0; k < n; ++k) along += v[k] * w[k];
        for (Index k = 0; k < n; ++k) v[k] -= along * w[k];
      }
    }
    double size = 0;
    for (const double x : v) size += x * x;
    for (double& x : v) x /= std::sqrt(size);
    vectors.push_back(v);
  }
  return vectors;
}

/// Σ_i s_i u_i v_i^T
std::vector<double> compose(const Matrix& u, const std::vector<double>& s, const Matrix& v) {
  const std::size_t rows = u[0].size(), columns = v[0].size();
  std::vector<double> x(rows * columns, 0);
  for (std::size_t i = 0; i < s.size(); ++i) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) x[r * columns + c] += s[i] * u[i][r] * v[i][c];
    }
  }
  return x;
}

/// What becomes of one singular value, of a matrix of norm 1.
double iterated(double s) {
  for (int k = 0; k < 5; ++k) s = 3.4445 * s - 4.7750 * std::pow(s, 3) + 2.0315 * std::pow(s, 5);
  return s;
}

}  // namespace

TEST_CASE("a matrix is orthogonalised: its singular vectors stay, its singular values become about 1") {
  Rng rng(3);
  for (const auto& [rows, columns] : {std::pair<Index, Index>{1, 1}, {1, 7}, {7, 1}, {4, 4}, {3, 20}, {20, 3}}) {
    for (const double size : {1.0, 1e-12, 1e12}) {
      CAPTURE(rows, columns, size);
      const Index side = std::min(rows, columns), longer = std::max(rows, columns);
      const Matrix u = orthonormal(rng, side, rows), v = orthonormal(rng, side, columns);
      std::vector<double> s, expected_s;
      double norm = 0;
      for (Index i = 0; i < side; ++i) s.push_back(std::pow(3.0, -static_cast<double>(i)));
      for (const double x : s) norm += x * x;
      for (double& x : s) {
        expected_s.push_back(std::sqrt(static_cast<double>(longer)) * iterated(x / std::sqrt(norm)));
        x *= size;
      }
      const std::vector<double> exact = compose(u, s, v), expected = compose(u, expected_s, v);
      std::vector<Real> x(exact.begin(), exact.end()), scratch;
      orthogonalize(x.data(), rows, columns, scratch);
      // An iteration has three products, of sums of `longer` and twice `side` terms, each at most 5 in size, and adds
      // three terms. The next one multiplies their errors by at most 4, which is about the largest |p'| there is on
      // (0, 1.2), so that errors of the first become 4^5 times larger. All in units of √longer · 1.2.
      const double of_iteration = 5 * roundings(static_cast<double>(longer + 2 * side + 3));
      const double growth = 4.0 / 3 * std::pow(4.0, 5);
      for (std::size_t k = 0; k < x.size(); ++k) {
        CHECK(x[k] ==
              Near(expected[k], growth * of_iteration * kUnit<> * 1.2 * std::sqrt(static_cast<double>(longer))));
      }
    }
  }
  for (const double s : {0.01, 0.1, 0.5, 1.0}) {
    CHECK(iterated(s) > 0.67);
    CHECK(iterated(s) < 1.14);
  }
}

TEST_CASE("a matrix of zeros stays, and what is not finite does not pass for a number") {
  std::vector<Real> scratch, zeros(6, 0), x(6, 1);
  orthogonalize(zeros.data(), 2, 3, scratch);
  CHECK(zeros == std::vector<Real>(6, 0));
  orthogonalize(nullptr, 0, 5, scratch);
  for (const Real bad : {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity()}) {
    x[4] = bad;
    orthogonalize(x.data(), 2, 3, scratch);
    for (const Real value : x) CHECK(std::isnan(value));
    x.assign(6, 1);
  }
}

TEST_CASE("a matrix that fades away, as a momentum does without gradients, ends as zeros and is finite before") {
  std::vector<Real> scratch, faded(6, std::numeric_limits<Real>::denorm_min());
  orthogonalize(faded.data(), 2, 3, scratch);
  CHECK(faded == std::vector<Real>(6, 0));
  // All equal, it has one singular value, which the iteration brings to √3 · (0.67 to 1.14) / √6 of each element.
  // (The norm sums squares in double, which end before 1e-154.)
  std::vector<Real> smallest(6, kDouble ? Real(1e-150) : std::numeric_limits<Real>::min());
  orthogonalize(smallest.data(), 2, 3, scratch);
  for (const Real value : smallest) CHECK((value > 0.47 && value < 0.81));
}

TEST_CASE("the decay of a momentum grows to 0.9 at step 1000, or is always that") {
  for (const Index t : {0, 9, 999, 100'000}) CHECK(momentum_decay(t, 0) == 0.9);
  CHECK(std::abs(momentum_decay(0, 0.3) - 0.2056718) < 1e-7);  // 1 - 0.1 · 1000^0.3
  CHECK(std::abs(momentum_decay(9, 0.5) - 0) < 1e-12);  // 1 - 0.1 · √100
  CHECK(std::abs(momentum_decay(999, 0.3) - 0.9) < 1e-12);
  CHECK(momentum_decay(0, 1) == 0);  // not 1 - 100
  CHECK(momentum_decay(99'999, 0.3) < 1);
}

}  // namespace l2l::orthogonalize_test
