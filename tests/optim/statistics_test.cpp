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

}  // namespace l2l::statistics_test
