#include "optim/speedup.h"

#include <limits>

#include "nn/random.h"
#include "tests/catch.h"

namespace l2l::speedup_test {

TEST_CASE("speed-ups by hand: first passages of the losses") {
  const Curves rule{6, {{9, 8, 7, 6, 5, 4, 3}, {9, 8, 7, 6, 5, 4, 3}, {9, 8, 7, 6, 5, 4, 3}, {9, 2, 7, 6, 5, 4, 3}}};
  const Curves ours{6, {{9, 7, 5, 4, 6, 2, 1}, {9, 9, 8, 8, 7, 6, 5}, {9, 9, 9, 9, 9, 9, 5}, {9, 5, 5, 5, 4, 1, 1}}};
  const std::vector<Speedup> at_4 = speedups(ours, rule, 4, 1);  // targets 5, 5, 5, 5
  CHECK(at_4[0].ratio == 4 / 2.0);  // step 2, though step 4 is above again
  CHECK(at_4[1].ratio == 4 / 6.0);
  CHECK(at_4[2].ratio == 4 / 6.0);
  CHECK(at_4[3].ratio == 1 / 1.0);  // the rule is there first at step 1, too
  for (const Speedup& speedup : at_4) CHECK(speedup.reached);
  const std::vector<Speedup> at_6 = speedups(ours, rule, 6, 1);  // targets 3
  CHECK(at_6[0].ratio == 6 / 5.0);
  CHECK(at_6[1].ratio == 6 / 6.0);  // at best: it ends at 5
  CHECK(at_6[0].reached);
  CHECK(!at_6[1].reached);
  CHECK(!at_6[2].reached);
}

TEST_CASE("speed-ups by hand: first passages of running means") {
  const Curves rule{4, {{8, 6, 6, 2, 4}}}, ours{4, {{8, 1, 5, 1, 3}}};
  CHECK(trailing_mean(rule.losses[0], 3) == std::vector<double>{8, 7, 20 / 3.0, 14 / 3.0, 4});
  // The target is 4; ours are 8, 4.5, 14/3, 7/3, 3. The losses themselves would be there at step 1.
  const std::vector<Speedup> smoothed = speedups(ours, rule, 4, 3);
  CHECK(smoothed[0].ratio == 4 / 3.0);
  CHECK(speedups(ours, rule, 4, 1)[0].ratio == 3 / 1.0);
  // Over itself it is 1, noise or not.
  CHECK(speedups(rule, rule, 2, 1)[0].ratio == 1);
  CHECK(speedups(rule, rule, 4, 3)[0].ratio == 1);
}

TEST_CASE("speed-ups where something diverged") {
  const double inf = std::numeric_limits<double>::infinity();
  const Curves fine{3, {{4, 3, 2, 1}}}, lost{3, {{4, inf, inf, inf}}};
  CHECK(speedups(fine, lost, 3, 2)[0].ratio == 1);
  CHECK(speedups(fine, lost, 3, 2)[0].reached);
  CHECK(speedups(lost, fine, 3, 1)[0].ratio == 1);
  CHECK(!speedups(lost, fine, 3, 1)[0].reached);
}

TEST_CASE("running means by hand") {
  const std::vector<double> x = {1, 4, 1, 7, 4, 1};
  CHECK(trailing_mean(x, 1) == x);
  CHECK(trailing_mean(x, 2) == std::vector<double>{1, 2.5, 2.5, 4, 5.5, 2.5});
  CHECK(centred_mean(x, 1) == x);
  CHECK(centred_mean(x, 3) == std::vector<double>{1, 2, 4, 4, 4, 2.5});
  CHECK(centred_mean(x, 5) == std::vector<double>{1, 2, 3.4, 3.4, 3.25, 4});
  CHECK(centred_mean({2}, 5) == std::vector<double>{2});
}

TEST_CASE("noise has turning points, a descent has none") {
  CHECK(turning_points({5, {{5, 4, 3, 2, 2, 1}}}) == 0);
  CHECK(turning_points({4, {{5, 6, 4, 4, 5}, {1, 2, 1, 2, 1}}}) == 4 / 6.0);  // level is no turn
  CHECK(turning_points({1, {{5, 6}}}) == 0);
  Rng rng(0);
  std::vector<double> noise;
  for (int t = 0; t <= 10001; ++t) noise.push_back(rng.uniform());
  // Two thirds of the n steps between others, with a variance of (16 n + 3) / (90 n²) (Bienaymé): within four standard
  // deviations of 0.0042.
  CHECK(turning_points({10001, {noise}}) == Approx(2 / 3.0).margin(4 * 0.0042));
  CHECK(passage_window(true, 100) == 10);
  CHECK(passage_window(true, 5) == 1);
  CHECK(passage_window(false, 100) == 1);
}

}  // namespace l2l::speedup_test
