#include "optim/tune.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <set>

#include "autodiff/error.h"
#include "tests/catch.h"
#include "tests/optim/families.h"

namespace l2l::tune_test {

using l2l::testing::Bowl;
using l2l::testing::Cliff;

namespace {
const Family bowl = testing::bowls(20);
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

TEST_CASE("tuning for the sum of losses finds another rate than for the final loss") {
  // f = ½ (θ_1² + θ_2² / 10) from (1, 1). After many steps both coordinates count, and 2 / (1 + 1/10) = 1.8 shrinks
  // them alike; the sum is mostly θ_1's, for which 1.8 is far too much.
  class Valley : public Function {
   public:
    const Layout& layout() const override { return layout_; }
    void init(Rng&, std::span<Real> theta) const override { theta[0] = theta[1] = 1; }
    Var loss(Tape& tape, Var theta) override {
      return Real(0.5) * sum(tape.constant({2}, std::vector<Real>{1, Real(0.1)}) * square(theta));
    }

   private:
    Layout layout_ = Layout::flat(2);
  };
  const Family make = testing::always<Valley>();
  TuneOptions options;
  options.evaluate.steps = 30;
  options.evaluate.functions = 1;
  options.safety = 0;
  CHECK(tune_learning_rate(find_rule("sgd"), make, options).learning_rate > 1.6);
  options.criterion = Criterion::sum;
  const TuneResult result = tune_learning_rate(find_rule("sgd"), make, options);
  CHECK(result.learning_rate < 1.4);
  const auto optimizer = [&] { return std::make_unique<Sgd>(result.learning_rate); };
  CHECK(result.score == evaluate(optimizer, make, options.evaluate).sum(1, 30));
}

TEST_CASE("a winner is tried on other functions, over twice the steps") {
  // How many losses of each function are asked for; a function is known by the first number of its stream.
  using Log = std::map<int, std::set<std::uint64_t>>;
  class Logged : public Bowl {
   public:
    Logged(Rng& rng, Split split, Log& log) : Bowl(rng, split, 1), log_(log), function_(first_number(rng)) {}
    ~Logged() override {
      if (losses_ > 0) log_[losses_].insert(function_);
    }
    Var loss(Tape& tape, Var theta) override {
      ++losses_;
      return Bowl::loss(tape, theta);
    }

   private:
    static std::uint64_t first_number(Rng rng) { return rng.next(); }  // of a copy
    Log& log_;
    std::uint64_t function_;
    int losses_ = 0;
  };
  Log log;
  TuneOptions options;
  options.evaluate.steps = 20;
  options.evaluate.functions = 3;
  options.safety = 4;
  options.low = 0.1;
  options.high = 2;
  tune_learning_rate(
      find_rule("sgd"), [&](Rng& rng, Split split) { return std::make_unique<Logged>(rng, split, log); }, options);
  CHECK(log.size() == 2);
  CHECK(log[21].size() == 3);
  CHECK(log[41].size() == 12);
  for (std::uint64_t function : log[21]) CHECK(log[41].count(function) == 0);
}

TEST_CASE("noise of the minibatches is not taken for divergence") {
  // The loss of one minibatch is often several times its mean, at any rate.
  TuneOptions options;
  options.evaluate.steps = 200;
  options.evaluate.functions = 16;
  options.low = 1e-3;
  options.refinements = 1;
  const Family make = testing::bowls(2, 3.0);
  const Curves start = evaluate([] { return std::make_unique<Sgd>(0); }, make, options.evaluate);
  int wild = 0;
  for (const auto& losses : start.losses) wild += losses.back() > 2 * start.mean(0);
  CHECK(wild > 0);
  const TuneResult result = tune_learning_rate(find_rule("sgd"), make, options);
  CHECK(result.learning_rate > 3e-3);
  CHECK(result.learning_rate < 0.5);
}

TEST_CASE("a rate that diverges on other functions, or later, does not win") {
  // f = ½ a θ² with a = 1, but one function in 64 has a = 1.9: SGD's best rate for the others, 1, is stable for it,
  // and the rates just above it that are nearly as good are not.
  class Rare : public Function {
   public:
    explicit Rare(Rng& rng) : a_(rng.uniform() < 1.0 / 64 ? Real(1.9) : Real(1)) {}
    const Layout& layout() const override { return layout_; }
    void init(Rng&, std::span<Real> theta) const override { theta[0] = 1; }
    Var loss(Tape&, Var theta) override { return a_ * sum(square(theta)) / 2; }

   private:
    Layout layout_ = Layout::flat(1);
    Real a_;
  };
  TuneOptions options;
  options.evaluate.steps = 3;
  options.evaluate.functions = 8;
  options.low = 1.2;  // so that the grid has no point below the stable ones but what refinement adds
  options.high = 1.7;
  options.per_decade = 20;
  const Family make([](Rng& rng, Split) { return std::make_unique<Rare>(rng); });
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
  CHECK_THROWS_AS(tune_learning_rate(find_rule("sgd"), testing::always<Nowhere>(), options), Error);
}

}  // namespace l2l::tune_test
