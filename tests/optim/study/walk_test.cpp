#include "optim/study/walk.h"

#include <cmath>
#include <limits>

#include "autodiff/ops.h"
#include "optim/rules.h"
#include "tests/optim/families.h"
#include "tests/tolerance.h"

namespace l2l::walk_test {

using namespace l2l::testing;

namespace {

/// f(θ) = θ_0 + 10 θ_1 + 100 k with k the number of minibatches so far: two functions side by side, with this sum.
class Slope : public Function {
 public:
  const Layout& layout() const override { return layout_; }
  void init(Rng&, std::span<Real> theta) const override { theta[0] = theta[1] = 0; }
  void next_batch(Rng&) override { ++batch_; }
  Var loss(Tape&, Var theta) override {
    return sum(slice(theta, 0, 1) + 10 * slice(theta, 1, 1)) + static_cast<Real>(100 * batch_);
  }
  Index functions() const override { return 2; }

 private:
  Layout layout_ = Layout::flat(2);
  int batch_ = 0;
};

EvaluateOptions steps(int count) {
  EvaluateOptions options;
  options.steps = count;
  return options;
}

}  // namespace

TEST_CASE("walk: a path has the points of the trajectory, and the losses of an evaluation") {
  const Family family = bowls(3, 0.2);
  Sgd sgd(0.1);
  const Path path = follow_path(sgd, family, 4, steps(5));
  REQUIRE(path.points.size() == 6);
  // The same by hand.
  Rng rng = function_stream(4, steps(5));
  Trajectory trajectory;
  trajectory.start(family, rng, Split::test);
  for (int t = 0; t <= 5; ++t) {
    CHECK(path.losses[t] == trajectory.evaluate(rng));
    CHECK(std::ranges::equal(path.points[t], trajectory.theta()));
    sgd.step(trajectory.gradient(), trajectory.theta());
  }
}

TEST_CASE("walk: a path that diverges ends at its last finite loss") {
  Sgd sgd(0.6);  // from 0 by 0.6, where the loss is finite, and on over the cliff at 1
  const Path path = follow_path(sgd, always<Cliff>(), 0, steps(4));
  CHECK(path.points.size() == 2);
  CHECK(path.losses.size() == 5);
  CHECK(std::isfinite(path.losses[1]));
  CHECK(path.losses[2] == std::numeric_limits<double>::infinity());
}

TEST_CASE("walk: how much of a path is outside of a plane") {
  const Plane floor(std::vector<Real>{0, 0, 0}, {1, 0, 0}, {0, 1, 0});
  const auto of = [&](std::vector<std::vector<Real>> points) { return share_outside({{}, std::move(points)}, floor); };
  CHECK(of({{0, 0, 0}, {1, 0, 0}, {1, 0, 1}}) == Near(std::sqrt(1.0 / 3), 1e-15));  // 1 of 1 + 2
  CHECK(of({{0, 0, 0}, {3, 1, 0}, {1, 0, 0}}) == 0);
  CHECK(of({{0, 0, 0}, {0, 0, -2}}) == 1);
  CHECK(of({{0, 0, 0}, {0, 0, 0}}) == 0);
}

TEST_CASE("walk: losses on a grid, row by row from the lowest, on the first minibatches") {
  const PlaneGrid grid{{-1, 1}, {0, 3}, 3, 2};
  const Plane plane = Plane::of_coordinates();
  // Per function: half of θ_0 + 10 θ_1 + 100.
  CHECK(losses_on(grid, plane, always<Slope>(), 0, steps(0), 1) == std::vector<double>{49.5, 50, 50.5, 64.5, 65, 65.5});
  // Of three minibatches, the mean of 100, 200 and 300.
  std::vector<int> seen;
  const std::vector<double> mean = losses_on(grid, plane, always<Slope>(), 0, steps(0), 3, [&](int done, int all) {
    CHECK(all == 18);
    seen.push_back(done);
  });
  CHECK(mean[0] == Near(99.5, 1e-12));
  CHECK(mean[5] == Near(115.5, 1e-12));
  CHECK(seen == std::vector<int>{3, 6, 9, 12, 15, 18});
}

TEST_CASE("walk: a grid's losses are those that a path meets, for any number of threads") {
  const Family family = bowls(2, 0.3);
  Sgd sgd(0.1);
  const Path path = follow_path(sgd, family, 2, steps(1));
  const auto [x, y] = std::pair<double, double>(path.points[0][0], path.points[0][1]);
  const PlaneGrid grid{{x, x + 4}, {y - 3, y}, 5, 4};
  EvaluateOptions options = steps(1);
  const std::vector<double> losses = losses_on(grid, Plane::of_coordinates(), family, 2, options, 1);
  CHECK(losses[15] == Near(path.losses[0], 4 * kUnit<> * path.losses[0]));  // at θ_0, in the last row
  const std::vector<double> four = losses_on(grid, Plane::of_coordinates(), family, 2, options, 4);
  options.threads = 3;
  CHECK(losses_on(grid, Plane::of_coordinates(), family, 2, options, 4) == four);
  CHECK(four != losses);
}

}  // namespace l2l::walk_test
