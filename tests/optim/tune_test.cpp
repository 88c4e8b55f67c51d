#include "optim/tune.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "tests/catch.h"
#include "tests/optim/families.h"

using namespace l2l;
using l2l::testing::Bowl;
using l2l::testing::Cliff;

namespace {
const OptimizeeFactory bowl = [] { return std::make_unique<Bowl>(20); };
}

TEST_CASE("tuning finds the best rate of gradient descent") {
  // With curvatures uniform on [0.5, 1.5] SGD contracts fastest at the rate 2 / (0.5 + 1.5) = 1.
  TuneOptions options;
  options.evaluate.steps = 40;
  options.evaluate.functions = 8;
  const TuneResult result = tune_learning_rate(find_rule("sgd"), bowl, options);
  CHECK(result.learning_rate > 0.85);
  CHECK(result.learning_rate < 1.15);
  CHECK(std::is_sorted(result.tried.begin(), result.tried.end()));
  for (const auto& [rate, value] : result.tried) CHECK(result.score <= value);
}

TEST_CASE("tuning goes on beyond the grid while the best is at its end") {
  TuneOptions options;
  options.evaluate.steps = 40;
  options.evaluate.functions = 4;
  options.low = 1e-4;
  options.high = 1e-2;
  CHECK(tune_learning_rate(find_rule("sgd"), bowl, options).learning_rate > 0.5);
  options.low = 10;
  options.high = 100;
  const TuneResult from_above = tune_learning_rate(find_rule("sgd"), bowl, options);
  CHECK(from_above.learning_rate < 2);
}

TEST_CASE("the criterion decides") {
  Curves curves{2, {{10, 5, 1}}};
  CHECK(score(curves, Criterion::final, 2) == 1);
  CHECK(score(curves, Criterion::sum, 2) == 6);  // f(θ_0) is nobody's doing
  CHECK(parse_criterion("sum") == Criterion::sum);
  CHECK_THROWS_AS(parse_criterion("mean"), UsageError);
}

TEST_CASE("a rate that diverges on other functions, or later, does not win") {
  // f = ½ a θ² with a = 1, but one function in 64 has a = 1.9: SGD's best rate for the others, 1, is stable for it,
  // and the rates just above it that are nearly as good are not.
  class Rare : public Bowl {
   public:
    Rare() : Bowl(1) {}
    void sample(Rng& rng, Split) override { a_ = rng.uniform() < 1.0 / 64 ? Real(1.9) : Real(1); }
    void init(Rng&, std::span<Real> theta) const override { theta[0] = 1; }
    void next_batch(Rng&) override {}
    Var loss(Tape&, Var theta) override { return a_ * sum(square(theta)) / 2; }

   private:
    Real a_ = 1;
  };
  TuneOptions options;
  options.evaluate.steps = 3;
  options.evaluate.functions = 8;
  options.low = 1.2;  // so that the grid has no point below the stable ones but what refinement adds
  options.high = 1.7;
  options.per_decade = 20;
  const auto make = [] { return std::make_unique<Rare>(); };
  options.safety = 0;
  const double careless = tune_learning_rate(find_rule("sgd"), make, options).learning_rate;
  options.safety = 64;
  const double careful = tune_learning_rate(find_rule("sgd"), make, options).learning_rate;
  CHECK(careless * 1.1 * 1.9 > 2);
  CHECK(careful * 1.1 * 1.9 < 2);
}

TEST_CASE("a rule that diverges everywhere is an error, not a rate") {
  TuneOptions options;
  options.low = 1;
  options.high = 10;
  options.evaluate.functions = 1;
  options.evaluate.steps = 300;
  // The cliff's loss falls forever towards its edge: any rate that moves at all falls off.
  class Nowhere : public Cliff {
    Var loss(Tape&, Var theta) override { return sum(log(theta - theta)); }
  };
  CHECK_THROWS_AS(tune_learning_rate(
                      find_rule("sgd"), [] { return std::make_unique<Nowhere>(); }, options),
                  Error);
}
