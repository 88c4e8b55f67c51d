#include "optimizees/scaled.h"

#include "tests/optim/families.h"
#include "tests/tolerance.h"

namespace l2l::scaled_test {

using namespace l2l::testing;

TEST_CASE("scaled: value and gradient are the factor times those of the family") {
  const Family bowl(bowls(5, 0.1), 7), large = scaled(bowl, 1000);
  Rng rng(3);
  const GradientCheck check = gradcheck(large, rng);
  INFO(check.worst);
  CHECK(check.ok());
  std::vector<Real> theta(5);
  Rng a(7), b(7);
  const auto f = large(a, Split::test), plain = bowl(b, Split::test);
  f->init(a, theta);
  plain->init(b, theta);
  f->next_batch(a);
  plain->next_batch(b);
  Evaluation scaled_evaluation, evaluation;
  const double value = scaled_evaluation(*f, theta), expected = evaluation(*plain, theta);
  CHECK(value == rounded(1000.0 * expected, 1));
  for (int k = 0; k < 5; ++k) CHECK(scaled_evaluation.gradient()[k] == rounded(1000.0 * evaluation.gradient()[k], 8));
  CHECK(f->functions() == plain->functions());
  CHECK(large.chance_loss() == 1000 * bowl.chance_loss());
}

}  // namespace l2l::scaled_test
