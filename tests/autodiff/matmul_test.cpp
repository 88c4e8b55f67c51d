#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::matmul_test {

using namespace l2l::testing;

namespace {

constexpr Trans kBoth[] = {Trans::no, Trans::yes};

Shape stored(Trans trans, Index rows, Index columns) {
  return trans == Trans::no ? Shape{rows, columns} : Shape{columns, rows};
}
Shape stored(Trans trans, Index batch, Index rows, Index columns) {
  return trans == Trans::no ? Shape{batch, rows, columns} : Shape{batch, columns, rows};
}

/// op(a) op(b) by three loops, for each of `batch` pairs.
std::vector<Sum> naive(const std::vector<Real>& a, const std::vector<Real>& b, Trans trans_a, Trans trans_b,
                       Index batch, Index M, Index N, Index K) {
  std::vector<Sum> c(batch * M * N);
  for (Index i = 0; i < batch; ++i) {
    for (Index m = 0; m < M; ++m) {
      for (Index n = 0; n < N; ++n) {
        for (Index k = 0; k < K; ++k) {
          const Sum::Wide op_a = a[i * M * K + (trans_a == Trans::no ? m * K + k : k * M + m)];
          const Sum::Wide op_b = b[i * K * N + (trans_b == Trans::no ? k * N + n : n * K + k)];
          c[(i * M + m) * N + n].add(op_a * op_b);
        }
      }
    }
  }
  return c;
}

struct Sizes {
  Index batch, M, N, K;
};
/// Random ones, and some worth naming: all 1, vectors, an outer product, each size 0.
std::vector<Sizes> some_sizes(Random& random) {
  std::vector<Sizes> sizes{{1, 1, 1, 1}, {2, 3, 1, 4}, {2, 1, 3, 4}, {2, 3, 4, 1},  {0, 2, 3, 4},
                           {2, 0, 3, 4}, {2, 3, 0, 4}, {2, 3, 4, 0}, {3, 9, 17, 33}};
  for (int k = 0; k < 6; ++k) {
    sizes.push_back({random_extent(random), random_extent(random), random_extent(random), random_extent(random)});
  }
  return sizes;
}

}  // namespace

TEST_CASE("matmul: equals three loops with all transposes") {
  Random random(1);
  for (const auto& [batch, M, N, K] : some_sizes(random)) {
    for (Trans trans_a : kBoth) {
      for (Trans trans_b : kBoth) {
        INFO(batch << ' ' << M << ' ' << N << ' ' << K << ' ' << int(trans_a) << int(trans_b));
        Tape tape;
        const auto a = uniform(random, batch * M * K), b = uniform(random, batch * K * N);
        Var c = batched_matmul(tape.constant(stored(trans_a, batch, M, K), a),
                               tape.constant(stored(trans_b, batch, K, N), b), trans_a, trans_b);
        CHECK(c.shape == Shape{batch, M, N});
        check_close(c.values(), naive(a, b, trans_a, trans_b, batch, M, N, K));

        const auto a1 = uniform(random, M * K), b1 = uniform(random, K * N);
        Var c1 = matmul(tape.constant(stored(trans_a, M, K), a1), tape.constant(stored(trans_b, K, N), b1), trans_a,
                        trans_b);
        CHECK(c1.shape == Shape{M, N});
        check_close(c1.values(), naive(a1, b1, trans_a, trans_b, 1, M, N, K));
      }
    }
  }
}

TEST_CASE("matmul: gradients with all transposes") {
  Random random(2);
  auto sizes = some_sizes(random);
  std::erase_if(sizes, [](const Sizes& s) { return s.K > 5; });  // the checker's time grows with the square
  for (const auto& [batch, M, N, K] : sizes) {
    for (Trans trans_a : kBoth) {
      for (Trans trans_b : kBoth) {
        INFO(batch << ' ' << M << ' ' << N << ' ' << K << ' ' << int(trans_a) << int(trans_b));
        check_gradient([&](Tape&, auto x) { return matmul(x[0], x[1], trans_a, trans_b); },
                       {stored(trans_a, M, K), stored(trans_b, K, N)});
        check_gradient([&](Tape&, auto x) { return batched_matmul(x[0], x[1], trans_a, trans_b); },
                       {stored(trans_a, batch, M, K), stored(trans_b, batch, K, N)});
      }
    }
  }
}

TEST_CASE("matmul: with itself, with views, and with a constant on either side") {
  check_gradient([](Tape&, auto x) { return matmul(x[0], x[0]); }, {Shape{3, 3}});
  check_gradient([](Tape&, auto x) { return matmul(x[0], x[0], Trans::no, Trans::yes); }, {Shape{3, 2}});
  check_gradient([](Tape&, auto x) { return matmul(slice(x[0], 0, 2), slice(x[0], 1, 2)); }, {Shape{3, 2}});
  Random random(3);
  const auto c = uniform(random, 4);
  check_gradient([&](Tape& tape, auto x) { return matmul(tape.constant({2, 2}, c), x[0]); }, {Shape{2, 3}});
  check_gradient([&](Tape& tape, auto x) { return matmul(x[0], tape.constant({2, 2}, c)); }, {Shape{3, 2}});
}

TEST_CASE("gram: equals three loops, is symmetric, and has the same bytes for any number of threads") {
  Random random(3);
  // Less than a panel of rows, whole panels, an odd and an even number of them, one begun; nothing. For the gradient:
  // several panels of columns, and of rows, and larger ones than the smallest.
  for (const Shape& shape : {Shape{1, 1}, Shape{5, 9}, Shape{32, 3}, Shape{64, 7}, Shape{70, 33}, Shape{0, 2},
                             Shape{2, 0}, Shape{3, 130}, Shape{64, 200}, Shape{5, 600}, Shape{300, 5}}) {
    CAPTURE(shape);
    const Index R = shape[0], C = shape[1];
    const auto x = uniform(random, shape.size()), dy = uniform(random, R * R);
    std::vector<Real> y, dx;
    for (const int threads : {1, 2, 3}) {
      Tape tape;
      tape.set_threads(threads);
      const Var in = tape.variable(shape, x), out = gram(in);
      tape.backward(sum(out * tape.constant({R, R}, dy)));
      const std::vector<Real> values(out.values().begin(), out.values().end());
      const std::vector<Real> gradient(in.gradient().begin(), in.gradient().end());
      if (threads == 1) y = values, dx = gradient;
      CHECK(values == y);
      CHECK(gradient == dx);
    }
    check_close(y, naive(x, x, Trans::no, Trans::yes, 1, R, R, C));
    for (Index k = 0; k < R * R; ++k) REQUIRE(y[k] == y[k % R * R + k / R]);
    std::vector<Sum> expected(R * C);  // (dy + dyᵀ) x
    for (Index k = 0; k < R * C; ++k) {
      for (Index i = 0; i < R; ++i) {
        expected[k].add(static_cast<Sum::Wide>(dy[k / C * R + i]) * x[i * C + k % C]);
        expected[k].add(static_cast<Sum::Wide>(dy[i * R + k / C]) * x[i * C + k % C]);
      }
    }
    check_close(dx, expected);
  }
  check_gradient([](Tape&, auto x) { return gram(x[0]); }, {Shape{3, 4}});
  check_gradient([](Tape&, auto x) { return gram(gram(x[0])); }, {Shape{2, 3}});
}

TEST_CASE("matmul: shapes that do not fit are named") {
  Tape tape;
  Var a = tape.constant({2, 3}, Real(1)), batch = tape.constant({4, 2, 3}, Real(1));
  CHECK_THROWS_WITH(matmul(a, a), "matmul: shapes [2x3] and [2x3] do not fit");
  CHECK_THROWS_WITH(matmul(a, a, Trans::yes, Trans::yes),
                    "matmul: shapes [2x3] transposed and [2x3] transposed do not fit");
  CHECK_THROWS_WITH(matmul(a, tape.constant({3}, Real(1))), "matmul: shapes [2x3] and [3] do not fit");
  CHECK_THROWS_WITH(matmul(batch, batch), "matmul: shapes [4x2x3] and [4x2x3] do not fit");
  CHECK_THROWS_WITH(gram(batch), "gram: shape [4x2x3] is not [RxC]");
  CHECK_THROWS_WITH(batched_matmul(a, a), "batched_matmul: shapes [2x3] and [2x3] do not fit");
  CHECK_THROWS_WITH(batched_matmul(batch, tape.constant({5, 3, 2}, Real(1))),
                    "batched_matmul: shapes [4x2x3] and [5x3x2] do not fit");
  CHECK_THROWS_WITH(batched_matmul(batch, batch, Trans::no, Trans::no),
                    "batched_matmul: shapes [4x2x3] and [4x2x3] do not fit");
}

}  // namespace l2l::matmul_test
