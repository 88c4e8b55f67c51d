#include "optim/schedule.h"

#include "optim/rules.h"
#include "tests/autodiff/testing.h"

namespace l2l::schedule_test {

using namespace l2l::testing;

TEST_CASE("schedule: factors by hand, over 8 steps and beyond") {
  const auto [schedule, factors] = GENERATE(
      // (1 + cos(π t/8)) / 2 with cos(π/8) = 0.9238795325112867, cos(π/4) = 0.7071067811865476, cos(3π/8) =
      // 0.3826834323650898
      std::pair(Schedule::cosine,
                std::vector<double>{1, 0.9619397662556434, 0.8535533905932737, 0.6913417161825449, 0.5,
                                    0.3086582838174551, 0.14644660940672627, 0.03806023374435663, 0, 0}),
      std::pair(Schedule::cooldown, std::vector<double>{1, 1, 1, 1, 1, 1, 1, 0.5, 0, 0}),
      std::pair(Schedule::sqrt, std::vector<double>{1, 0.7071067811865476, 0.5773502691896258, 0.5, 0.4472135954999579,
                                                    0.4082482904638631}));
  CAPTURE(name_of(schedule));
  for (int t = 0; t < static_cast<int>(factors.size()); ++t) {
    CAPTURE(t);
    // In double; cos(π) + 1 and the like cancel to a few roundings of 1.
    CHECK(factor_of(schedule, t, 8) == Near(factors[t], 8 * kUnit<double>));
  }
}

TEST_CASE("schedule: it begins anew where an optimizer moves to another layout") {
  const auto optimizer = with_schedule(std::make_unique<Sgd>(1), Schedule::cooldown, 8);
  optimizer->reset(Layout::flat(1));
  std::vector<Real> theta = {0};
  for (int t = 0; t < 8; ++t) optimizer->step(std::vector<Real>{1}, theta);
  CHECK(theta[0] == -7.5);  // seven whole steps and half of one, all exact
  const Index from[] = {0, 0};
  optimizer->move_to(Layout::flat(2), from, 8);
  std::vector<Real> larger = {0, 0};
  optimizer->step(std::vector<Real>{1, 2}, larger);
  CHECK(larger == std::vector<Real>{-1, -2});
}

TEST_CASE("schedule: another number of elements than it was reset for is an error") {
  const auto optimizer = with_schedule(std::make_unique<Sgd>(1), Schedule::sqrt, 8);
  optimizer->reset(Layout::flat(2));
  std::vector<Real> theta = {0};
  CHECK_THROWS_WITH(optimizer->step(theta, theta), "with_schedule: reset for 2 elements, but theta has 1");
}

}  // namespace l2l::schedule_test
