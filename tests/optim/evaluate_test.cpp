#include "optim/evaluate.h"

#include <cmath>

#include "autodiff/error.h"
#include "optim/rules.h"
#include "tests/catch.h"
#include "tests/optim/families.h"

namespace l2l::evaluate_test {

using l2l::testing::Bowl;
using l2l::testing::Cliff;

namespace {
const OptimizerFactory sgd = [] { return std::make_unique<Sgd>(0.1); };
const Family bowl = testing::bowls(3, 0.1);
}  // namespace

TEST_CASE("mean, standard error and sum of curves are what they say") {
  const Curves curves{2, {{4, 2, 1}, {8, 4, 3}}};
  CHECK(curves.mean(0) == 6);
  CHECK(curves.final_mean() == 2);
  CHECK(curves.sem(2) == 1);  // deviation √2, over √2
  CHECK(curves.sum(1, 2) == 5);
  CHECK(Curves{0, {{1}}}.sem(0) == 0);
}

TEST_CASE("evaluation follows the optimizer's trajectory") {
  const Curves curves = evaluate(sgd, bowl, {.functions = 2, .steps = 4, .seed = 9});
  for (int k = 0; k < 2; ++k) {
    // The same by hand: one stream a function, drawn in this order.
    Rng rng(9, 3 * k + static_cast<int>(Split::test));
    Bowl f(rng, Split::test, 3, 0.1);
    std::vector<Real> theta(3);
    f.init(rng, theta);
    Evaluation evaluation;
    for (int t = 0; t <= 4; ++t) {
      f.next_batch(rng);
      CHECK(curves.losses[k][t] == evaluation(f, theta));
      for (int j = 0; j < 3; ++j) theta[j] -= Real(0.1) * evaluation.gradient()[j];
    }
  }
}

TEST_CASE("every optimizer sees the same functions, starts and minibatches") {
  const EvaluateOptions options{.functions = 3, .steps = 5, .seed = 4};
  const auto still = [] { return std::make_unique<Sgd>(0); };
  const Curves a = evaluate(still, bowl, options), b = evaluate(sgd, bowl, options);
  for (int k = 0; k < 3; ++k) CHECK(a.losses[k][0] == b.losses[k][0]);
  CHECK(evaluate(sgd, bowl, options).losses == b.losses);
  EvaluateOptions other = options;
  other.seed = 5;
  CHECK(evaluate(sgd, bowl, other).losses != b.losses);
}

TEST_CASE("evaluation gives the same for any number of threads") {
  EvaluateOptions options{.functions = 7, .steps = 5};
  const Curves one = evaluate(sgd, bowl, options);
  for (int threads : {2, 3, 8}) {
    options.threads = threads;
    CHECK(evaluate(sgd, bowl, options).losses == one.losses);
  }
}

TEST_CASE("a trajectory that diverges is infinite from there on") {
  const Curves curves =
      evaluate([] { return std::make_unique<Sgd>(0.6); }, testing::always<Cliff>(), {.functions = 1, .steps = 5});
  CHECK(std::isfinite(curves.losses[0][0]));
  CHECK(std::isinf(curves.losses[0][5]));
  CHECK(std::isinf(curves.final_mean()));
}

TEST_CASE("an error inside a thread reaches the caller") {
  const Family broken = [](Rng&, Split) -> std::unique_ptr<Function> { throw Error("no data"); };
  CHECK_THROWS_WITH(evaluate(sgd, broken, {.functions = 4, .threads = 2}), "no data");
  CHECK_THROWS_AS(evaluate(sgd, bowl, {.functions = 0}), UsageError);
}

TEST_CASE("no steps: the loss at the start") {
  const Curves none = evaluate(sgd, bowl, {.functions = 3, .steps = 0, .seed = 2});
  const Curves some = evaluate(sgd, bowl, {.functions = 3, .steps = 4, .seed = 2});
  for (int k = 0; k < 3; ++k) CHECK(none.losses[k] == std::vector<double>{some.losses[k][0]});
  CHECK(none.final_mean() == some.mean(0));
  CHECK_THROWS_AS(evaluate(sgd, bowl, {.functions = 3, .steps = -1}), UsageError);
}

}  // namespace l2l::evaluate_test
