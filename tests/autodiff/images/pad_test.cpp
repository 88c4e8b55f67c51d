#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "tests/autodiff/testing.h"

namespace l2l::pad_test {

using namespace l2l::testing;

TEST_CASE("reflect_pad2d: gradients and shapes") {
  for (const auto& [x, size] : {std::pair<Shape, Index>{{2, 3, 4, 6}, 1},
                                {{1, 2, 3, 4}, 2},
                                {{2, 1, 5, 2}, 1},
                                {{1, 1, 1, 1}, 0},
                                {{0, 2, 3, 3}, 2},
                                {{2, 0, 3, 3}, 2}}) {
    INFO(x << ", size " << size);
    check_gradient([size = size](Tape&, auto v) { return reflect_pad2d(v[0], size); }, {x});
    Tape tape;
    CHECK(reflect_pad2d(tape.constant(x, Real(0)), size).shape == Shape{x[0], x[1], x[2] + 2 * size, x[3] + 2 * size});
  }
}

TEST_CASE("reflect_pad2d mirrors what is inside, the edge once") {
  Tape tape;
  const Var x = tape.constant({1, 1, 3, 4}, std::vector<Real>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  check_close(reflect_pad2d(x, 2).values(),
              {11, 10, 9, 10, 11, 12, 11, 10, 7,  6,  5,  6,  7, 8, 7, 6, 3, 2, 1, 2, 3, 4, 3, 2, 7, 6, 5, 6,
               7,  8,  7, 6,  11, 10, 9,  10, 11, 12, 11, 10, 7, 6, 5, 6, 7, 8, 7, 6, 3, 2, 1, 2, 3, 4, 3, 2});
}

// PyTorch 1.13, float64; wave as in pool_test.cpp
// x = wave(1, 2, 3, 4, a=1.7, b=1.7).requires_grad_(); y = F.pad(x, (2,) * 4, "reflect")
// (y * wave(*y.shape, a=.9, b=.9)).sum().backward(); print(y.flatten()[:4], x.grad)
TEST_CASE("reflect_pad2d: PyTorch's numbers, and the same bytes for any number of threads") {
  const auto gradient = [](int threads) {
    Tape tape;
    tape.set_threads(threads);
    const Var x = tape.variable({1, 2, 3, 4}, wave(24, 1.7, 1.7)), y = reflect_pad2d(x, 2);
    tape.backward(sum(y * tape.constant(y.shape, wave(y.size(), .9, .9))));
    return std::vector<Real>(x.gradient().begin(), x.gradient().end());
  };
  // Sums of up to nine rounded numbers of at most 1.
  check_close(gradient(1),
              printed(10, {-0.04363604213, 0.4611135218, 0.2880961706, -0.181846879, -0.3553639528, -0.6828377127,
                           0.337125695,    0.4594097979, 0.5113543359, 0.4376149155, -0.7318098721, -0.4228131186,
                           -0.1126850602,  0.3795324051, 0.3767329488, -0.11492134,  -0.3088067025, -0.6785043934,
                           0.2544214526,   0.4364391414, 0.5191262395, 0.5134926604, -0.7115940588, -0.4595054385},
                      18, 9));
  CHECK(gradient(2) == gradient(1));
}

TEST_CASE("reflect_pad2d refuses what does not fit") {
  Tape tape;
  CHECK_THROWS_WITH(reflect_pad2d(tape.constant({3, 4}, Real(0)), 1), "reflect_pad2d: shape [3x4] is not [NxCxHxW]");
  CHECK_THROWS_WITH(reflect_pad2d(tape.constant({1, 1, 3, 4}, Real(0)), -1),
                    "reflect_pad2d: size -1, it must not be negative");
  CHECK_THROWS_WITH(reflect_pad2d(tape.constant({1, 1, 2, 4}, Real(0)), 2),
                    "reflect_pad2d: x [1x1x2x4] has nothing to mirror 2 pixels further in");
}

}  // namespace l2l::pad_test
