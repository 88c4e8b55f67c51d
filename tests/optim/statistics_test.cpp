#include "optim/statistics.h"

#include <cmath>
#include <limits>

#include "tests/catch.h"

namespace l2l::statistics_test {

TEST_CASE("mean, standard error and median of numbers by hand") {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<double> x = {7, 1, 4};
  CHECK(mean(x) == 4);
  CHECK(standard_error(x) == std::sqrt(3));  // squares 9, 9, 0: √(18 / 2 / 3)
  CHECK(median(x) == 4);
  CHECK(median({8, 1, 3, 5}) == 4);
  CHECK(median({inf, 1, 2}) == 2);
  CHECK(median({inf, 1}) == inf);
  CHECK(standard_error(std::vector{1.0, inf}) == 0);
  CHECK(standard_error(std::vector{5.0}) == 0);
  CHECK(std::isnan(mean(std::vector<double>{})));
  CHECK(std::isnan(median({})));
}

TEST_CASE("interquartile mean and quantiles by hand") {
  CHECK(interquartile_mean({100, 3, -50, 5, 1, 4, 2, 0}) == 2.5);  // of 1 to 4: two at each end are cut
  CHECK(interquartile_mean({9, 1, 2}) == 4);  // a quarter of three is none
  CHECK(interquartile_mean({1, 2, 3, 6, 1e9}) == 11.0 / 3);
  CHECK(std::isnan(interquartile_mean({})));
  CHECK(quantile({40, 10, 30, 20}, 0.5) == 25);
  CHECK(quantile({40, 10, 30, 20}, 0.1) == 13);
  CHECK(quantile({40, 10, 30, 20}, 0) == 10);
  CHECK(quantile({40, 10, 30, 20}, 1) == 40);
  CHECK(quantile({7}, 0.975) == 7);
  CHECK(std::isnan(quantile({}, 0.5)));
}

TEST_CASE("a robust range holds what is spread evenly, and leaves out spikes") {
  using Range = std::pair<double, double>;
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> line;
  for (int k = 0; k <= 200; ++k) line.push_back((k * 7) % 201 - 100);  // -100 … 100, shuffled
  CHECK(robust_range(line) == Range(-100, 100));
  line[3] = 1e6, line[5] = -inf, line[8] = NAN;  // 199 finite ones: -79, -65 and -44 are gone
  // The tenth from either end, counted from 0 without -79 and the spike: -91 and 91, 91 wider.
  const auto [low, high] = robust_range(line);
  CHECK(low == -100);
  CHECK(high == 92 + (92.0 + 91) / 2);
  // A step between two plateaus is no spike, however short one of them, if it has a twentieth of the numbers.
  std::vector<double> step(201, 1);
  std::fill_n(step.begin(), 11, -3);
  CHECK(robust_range(step) == Range(-3, 1));
  step.assign(201, 2), step[100] = 5;
  CHECK(robust_range(step) == Range(2, 5));  // there is nothing else to see
  CHECK(robust_range({4}) == Range(4, 4));
  CHECK(robust_range({NAN, inf}) == Range(0, 0));
}

}  // namespace l2l::statistics_test
