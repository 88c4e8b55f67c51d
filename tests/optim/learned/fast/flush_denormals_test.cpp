#include "optim/learned/fast/flush_denormals.h"

#include <limits>
#include <vector>

#include "optim/learned/fast/coordinate_optimizer.h"
#include "tests/catch.h"

namespace l2l::flush_denormals_test {

namespace {

/// Whether this thread computes with denormals: half of the smallest normal number is one.
bool has_denormals() {
  volatile Real smallest = std::numeric_limits<Real>::min();
  volatile Real half = smallest / 2;
  return half > 0;
}

}  // namespace

TEST_CASE("denormals are zeros while a FlushDenormals lives, and back behind it") {
  REQUIRE(has_denormals());
  {
    const FlushDenormals outer;
#if defined(__SSE__) || defined(__aarch64__)
    CHECK_FALSE(has_denormals());
    { const FlushDenormals inner; }
    CHECK_FALSE(has_denormals());
#endif
  }
  CHECK(has_denormals());
}

TEST_CASE("an LSTM's step leaves the denormals of its caller alone") {
  const CoordinateModel model({1, 2, {}, 1});
  CoordinateOptimizer optimizer(LearnedOptimizer{model, std::vector<Real>(model.layout().size(), Real(0.1))});
  std::vector<Real> theta(5);
  optimizer.reset(Layout::flat(5));
  optimizer.step(std::vector<Real>(5, Real(1)), theta);
  CHECK(has_denormals());
}

}  // namespace l2l::flush_denormals_test
