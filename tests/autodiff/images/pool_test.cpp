#include <cmath>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "tests/autodiff/testing.h"

namespace l2l::pool_test {

using namespace l2l::testing;

namespace {

struct Case {
  Shape x;
  Index size, stride;
};
const Case kCases[] = {
    {{2, 3, 4, 6}, 2, 2},  // the usual kind
    {{1, 2, 5, 3}, 2, 2},  // pixels left over
    {{1, 2, 5, 4}, 2, 1},  // windows that overlap
    {{1, 1, 7, 5}, 3, 2},  // and do so in part
    {{1, 2, 5, 5}, 2, 3},  // gaps between windows
    {{2, 2, 3, 3}, 3, 0},  // window = image
    {{2, 2, 1, 1}, 1, 0},  // one pixel
    {{1, 1, 3, 4}, 1, 2},  // a selection
    {{0, 2, 2, 2}, 2, 0},  // no image
    {{2, 0, 2, 2}, 2, 0},  // no channel
    {{1, 1, 2, 37}, 2, 0},  // longer than a vector register
};

/// The value of an op, and the gradient of Σ_k wave_k y_k, as the PyTorch lines below compute it.
struct Result {
  std::vector<Real> y, dx;
};
Result evaluate(Var (*op)(Var, Index, Index), const Shape& shape, const std::vector<Real>& data, Index size,
                Index stride) {
  Tape tape;
  Var x = tape.variable(shape, data);
  Var y = op(x, size, stride);
  tape.backward(sum(y * tape.constant(y.shape, wave(y.size(), .9))));
  return {{y.values().begin(), y.values().end()}, {x.gradient().begin(), x.gradient().end()}};
}

// PyTorch's numbers have nine digits; sums of at most 9 numbers that were rounded.
constexpr int kDigits = 9, kRoundings = 18;

}  // namespace

TEST_CASE("pool: gradients and shapes") {
  for (const Case& c : kCases) {
    INFO(c.x << ", size " << c.size << ", stride " << c.stride);
    check_gradient([&](Tape&, auto x) { return max_pool2d(x[0], c.size, c.stride); }, {c.x});
    check_gradient([&](Tape&, auto x) { return avg_pool2d(x[0], c.size, c.stride); }, {c.x});
    const Index stride = c.stride ? c.stride : c.size;
    const Shape expected{c.x[0], c.x[1], (c.x[2] - c.size) / stride + 1, (c.x[3] - c.size) / stride + 1};
    Tape tape;
    CHECK(max_pool2d(tape.constant(c.x, Real(0)), c.size, c.stride).shape == expected);
    CHECK(avg_pool2d(tape.constant(c.x, Real(0)), c.size, c.stride).shape == expected);
  }
}

// import torch, torch.nn.functional as F
// wave = lambda *s, a, b=.11: torch.sin(a*torch.arange(torch.Size(s).numel(), dtype=torch.float64)+b).reshape(s)
// x = torch.tensor([1.,2,2,1, 3,0,2,2, 3,3,-1,-1, 0,3,-1,-5]).double().reshape(1,1,4,4).requires_grad_()
// for size, stride in (2,2), (2,1), (3,1):
//   x.grad = None; y = F.max_pool2d(x, size, stride); (y*wave(*y.shape,a=.9)).sum().backward(); print(y, x.grad)
TEST_CASE("max_pool2d: PyTorch's numbers, with ties") {
  const Shape shape{1, 1, 4, 4};
  const std::vector<Real> x{1, 2, 2, 1, 3, 0, 2, 2, 3, 3, -1, -1, 0, 3, -1, -5};
  const Result side_by_side = evaluate(max_pool2d, shape, x, 2, 2);
  check_close(side_by_side.y, {3, 2, 3, -1});
  check_close(side_by_side.dx,
              printed(kDigits, {0, 0, 0.846831845, 0, 0.109778301, 0, 0, 0, 0.943019931, 0, 0.325549335, 0, 0, 0, 0, 0},
                      kRoundings));
  const Result overlapping = evaluate(max_pool2d, shape, x, 2, 1);
  check_close(overlapping.y, {3, 2, 2, 3, 3, 2, 3, 3, -1});
  check_close(overlapping.dx, printed(kDigits,
                                      {0, 0.846831845, 0.943019931, 0, 0.435327635, 0, -0.994762826, 0, -0.698418469,
                                       -0.411815447, 0.855654787, 0, 0, 0, 0, 0},
                                      kRoundings));
  const Result three = evaluate(max_pool2d, shape, x, 3, 1);
  check_close(three.y, {3, 3, 3, 3});
  check_close(three.dx,
              printed(kDigits, {0, 0, 0, 0, 1.05279823, 0, 0, 0, 0, 1.17238118, 0, 0, 0, 0, 0, 0}, kRoundings));
}

// x = wave(1,1,3,5,a=.37).requires_grad_(), and the loop above with F.avg_pool2d
TEST_CASE("avg_pool2d: PyTorch's numbers") {
  const Shape shape{1, 1, 3, 5};
  const std::vector<Real> x = wave(15, .37);
  const Result side_by_side = evaluate(avg_pool2d, shape, x, 2, 2);
  check_close(side_by_side.y, printed(kDigits, {0.555538346, 0.547322788}, kRoundings));
  check_close(side_by_side.dx, printed(kDigits,
                                       {0.0274445752, 0.0274445752, 0.211707961, 0.211707961, 0, 0.0274445752,
                                        0.0274445752, 0.211707961, 0.211707961, 0, 0, 0, 0, 0, 0},
                                       kRoundings));
  const Result overlapping = evaluate(avg_pool2d, shape, x, 2, 1);
  check_close(overlapping.y, printed(kDigits,
                                     {0.555538346, 0.591455962, 0.547322788, 0.429112043, 0.0423155411, -0.173919123,
                                      -0.366614649, -0.509690603},
                                     kRoundings));
  check_close(overlapping.dx, printed(kDigits,
                                      {0.0274445752, 0.239152536, 0.447462944, 0.317142316, 0.0813873336, -0.107128052,
                                       -0.144110797, 0.0241676202, 0.174156464, 0.113006099, -0.134572627, -0.383263334,
                                       -0.423295324, -0.142985852, 0.0316187653},
                                      kRoundings));
  const Result three = evaluate(avg_pool2d, shape, x, 3, 2);
  check_close(three.y, printed(kDigits, {0.10362623, 0.0102187763}, kRoundings));
  check_close(three.dx, printed(kDigits,
                                {0.012197589, 0.012197589, 0.106290016, 0.0940924272, 0.0940924272, 0.012197589,
                                 0.012197589, 0.106290016, 0.0940924272, 0.0940924272, 0.012197589, 0.012197589,
                                 0.106290016, 0.0940924272, 0.0940924272},
                                kRoundings));
}

TEST_CASE("max_pool2d: of equal elements the first gets the gradient, at every place of a register") {
  for (Index size : {2, 3}) {
    const Index windows = 19, W = windows * size;
    Random random(3);
    std::vector<Real> x(size * W);
    for (Real& v : x) v = static_cast<Real>(random() % 2);
    const Result result = evaluate(max_pool2d, {1, 1, size, W}, x, size, size);
    const std::vector<Real> dy = wave(windows, .9);
    std::vector<double> expected(x.size());
    for (Index j = 0; j < windows; ++j) {
      Index best = j * size;
      for (Index k = 0; k < size * size; ++k) {
        const Index at = k / size * W + j * size + k % size;
        if (x[at] > x[best]) best = at;
      }
      expected[best] = dy[j];
    }
    check_close(result.dx, expected);
  }
}

TEST_CASE("max_pool2d: NaN is not hidden, and infinities are numbers") {
  for (Index at = 0; at < 4; ++at) {
    std::vector<Real> x{1, 2, 3, 4};
    x[at] = NAN;
    const Result result = evaluate(max_pool2d, {1, 1, 2, 2}, x, 2, 2);
    CHECK(std::isnan(result.y[0]));
    for (Index k = 0; k < 4; ++k) CHECK((result.dx[k] != 0) == (k == at));
  }
  const Result result = evaluate(max_pool2d, {1, 1, 1, 2}, {-INFINITY, INFINITY}, 1, 1);
  CHECK(result.y == std::vector<Real>{-INFINITY, INFINITY});
}

TEST_CASE("pool: errors name shapes") {
  Tape tape;
  Var x = tape.constant({1, 2, 3, 4}, Real(1));
  CHECK_THROWS_WITH(max_pool2d(tape.constant({3, 4}, Real(1)), 2), "max_pool2d: shape [3x4] is not [NxCxHxW]");
  CHECK_THROWS_WITH(avg_pool2d(tape.constant({3, 4}, Real(1)), 2), "avg_pool2d: shape [3x4] is not [NxCxHxW]");
  CHECK_THROWS_WITH(max_pool2d(x, 4), "max_pool2d: a window of 4x4 does not fit in x [1x2x3x4]");
  CHECK_THROWS_WITH(avg_pool2d(x, 5), "avg_pool2d: a window of 5x5 does not fit in x [1x2x3x4]");
  CHECK_THROWS_WITH(max_pool2d(x, 0), "max_pool2d: size 0 and stride 0, they must be at least 1");
  CHECK_THROWS_WITH(max_pool2d(x, 2, -1), "max_pool2d: size 2 and stride -1, they must be at least 1");
}

}  // namespace l2l::pool_test
