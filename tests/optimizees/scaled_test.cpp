#include "optimizees/scaled.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/optim/families.h"
#include "tests/tolerance.h"

namespace l2l::scaled_test {

using namespace l2l::testing;

namespace {

/// ½ Σ_k (θ_k - k)² with a θ of two parameters.
class TwoParameters : public Function {
 public:
  TwoParameters() {
    layout_.add("a", {4});
    layout_.add("b", {2});
  }
  const Layout& layout() const override { return layout_; }
  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_uniform(theta, 1, 2); }
  Var loss(Tape& tape, Var theta) override {
    const std::vector<Real> minimum = {0, 1, 2, 3, 4, 5};
    return Real(0.5) * sum(square(theta - tape.constant({6}, minimum)));
  }

 private:
  Layout layout_;
};
Family two_parameters() { return always<TwoParameters>(); }

}  // namespace

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

TEST_CASE("randomly scaled: the function in other units of theta, begun at the same point") {
  const auto per = GENERATE(RandomScale::Per::coordinate, RandomScale::Per::parameter);
  const Family plain = two_parameters(), family = randomly_scaled(plain, {per, 2});
  Rng rng(3);
  const GradientCheck check = gradcheck(family, rng);
  INFO(check.worst);
  CHECK(check.ok());
  Rng a(7), b(7);
  const auto f = family(a, Split::train), base = plain(b, Split::train);
  std::vector<Real> theta(6), original(6);
  Rng c(8), d(8);
  f->init(c, theta);
  base->init(d, original);
  Evaluation scaled_evaluation, evaluation;
  // c θ' and θ, up to 2, are two roundings apart, so their distances d to a minimum, up to 5, by 4 units and a rounding
  // of each: 14 units. It moves ½ d² by 70 of them, six times; the sum, up to 28, has some 8 roundings.
  const double value = scaled_evaluation(*f, theta), expected = evaluation(*base, original);
  CHECK(value == Near(expected, (6 * 70 + 8 * 28) * kUnit<>));
  std::vector<double> factors;
  for (int k = 0; k < 6; ++k) {
    factors.push_back(static_cast<double>(original[k]) / theta[k]);
    CHECK(std::abs(std::log(factors[k])) < 2 + 1e-6);
    CHECK(scaled_evaluation.gradient()[k] ==
          Near(factors[k] * evaluation.gradient()[k], factors[k] * (14 + 4 * 5) * kUnit<>));
  }
  const bool same = per == RandomScale::Per::parameter;
  for (const int k : {1, 2, 3, 5}) CHECK((factors[k] == rounded(factors[k - 1], 8)) == same);
  CHECK(factors[4] != rounded(factors[3], 8));
  // Functions to validate and to test with are those of the family.
  for (const Split split : {Split::validation, Split::test}) {
    Rng e(9), g(9);
    CHECK(evaluation(*family(e, split), theta) == scaled_evaluation(*plain(g, split), theta));
  }
}

TEST_CASE("randomly scaled: factors are between e^-r and e^r, their logarithms uniform") {
  const Family family = randomly_scaled(bowls(1), {RandomScale::Per::coordinate, 3});
  double sum = 0, squares = 0, largest = 0;
  constexpr int kDraws = 2000;
  for (int k = 0; k < kDraws; ++k) {
    Rng rng(k);
    const auto f = family(rng, Split::train);
    Rng a(1), b(1);
    std::vector<Real> theta(1), original(1);
    f->init(a, theta);
    b.fill_normal(original, 0, 1);
    const double logarithm = std::log(static_cast<double>(original[0]) / theta[0]);
    sum += logarithm;
    squares += logarithm * logarithm;
    largest = std::max(largest, std::abs(logarithm));
  }
  CHECK(largest < 3 + 1e-5);
  CHECK(largest > 2.9);
  // Of U(-3, 3): variance 3, fourth moment 81 / 5. Four standard deviations of the means:
  CHECK(sum / kDraws == Near(0, 4 * std::sqrt(3.0 / kDraws)));
  CHECK(squares / kDraws == Near(3, 4 * std::sqrt((81.0 / 5 - 9) / kDraws)));
}

}  // namespace l2l::scaled_test
