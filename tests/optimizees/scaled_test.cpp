#include "optimizees/scaled.h"

#include "tests/optim/families.h"
#include "tests/tolerance.h"

namespace l2l::scaled_test {

using namespace l2l::testing;

TEST_CASE("scaled: value and gradient are the factor times those of the family") {
  Scaled f(std::make_unique<Bowl>(5, 0.1), 1000);
  Bowl plain(5, 0.1);
  Rng rng(3);
  const GradientCheck check = gradcheck(f, rng);
  INFO(check.worst);
  CHECK(check.ok());
  std::vector<Real> theta(5);
  Rng a(7), b(7);
  f.sample(a, Split::test);
  plain.sample(b, Split::test);
  f.init(a, theta);
  plain.init(b, theta);
  f.next_batch(a);
  plain.next_batch(b);
  Gradient scaled_gradient, gradient;
  const Real value = scaled_gradient(f, theta), expected = gradient(plain, theta);
  CHECK(value == rounded(1000.0 * expected, 1));
  for (int k = 0; k < 5; ++k) CHECK(scaled_gradient.values()[k] == rounded(1000.0 * gradient.values()[k], 8));
  CHECK(f.functions() == plain.functions());
  CHECK(f.blind_loss() == 1000 * plain.blind_loss());
}

}  // namespace l2l::scaled_test
