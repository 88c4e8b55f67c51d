#include "optimizees/ensemble.h"

#include <cmath>
#include <map>

#include "autodiff/error.h"
#include "optim/grouped_optimizer.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/meta/meta_train.h"
#include "optim/rules.h"
#include "optim/study/meta_gradient.h"
#include "optim/study/plan.h"
#include "optim/study/trace.h"
#include "optimizees/registry.h"
#include "tests/optim/families.h"
#include "tests/optim/roundings.h"

namespace l2l::ensemble_test {

using Catch::Matchers::ContainsSubstring;
using namespace l2l::testing;
using Mode = EnsembleMode;

namespace {

/// A Bowl whose θ is of a group, and which says that it is `functions` functions.
class GroupedBowl : public Bowl {
 public:
  GroupedBowl(Rng& rng, Split split, Index n, const std::string& group, Index functions)
      : Bowl(rng, split, n, 0.3), functions_(functions) {
    layout_ = Layout();
    layout_.add("theta", {n}, group);
  }
  Index functions() const override { return functions_; }

 private:
  Index functions_;
};

Family bowl(Index n, const std::string& group = "", Index functions = 1, double chance_loss = 1) {
  const auto draw = [=](Rng& rng, Split split) {
    return std::make_unique<GroupedBowl>(rng, split, n, group, functions);
  };
  return Family(draw, chance_loss);
}

const std::vector<EnsembleMember> kMembers = {{"a", bowl(3, "conv"), 2}, {"b", bowl(5, "fc"), 0.5}};

Family family(Mode mode) { return ensemble_of(kMembers, mode); }

const CoordinateConfig kSmall{.layers = 1, .hidden = 3};

}  // namespace

TEST_CASE("ensemble: gradient check") {
  for (const Mode mode : {Mode::sum, Mode::choice}) {
    for (int seed = 0; seed < 6; ++seed) {
      Rng rng(seed);
      const GradientCheck check = gradcheck(family(mode), rng);
      INFO(check.worst);
      CHECK(check.ok());
    }
  }
}

TEST_CASE("ensemble: a sum's loss and gradient are the members' own, each with its weight") {
  // The same numbers in the same order make the same functions.
  Rng rng(1), same(1);
  const auto both = family(Mode::sum)(rng, Split::train);
  REQUIRE(both->layout().size() == 8);
  CHECK(both->layout().find("a.theta").group == "conv");
  CHECK(both->layout().find("b.theta").offset == 3);
  std::vector<Real> theta(8);
  both->init(rng, theta);
  both->next_batch(rng);
  const auto a = kMembers[0].family(same, Split::train), b = kMembers[1].family(same, Split::train);
  std::vector<Real> theta_a(3), theta_b(5);
  a->init(same, theta_a);
  b->init(same, theta_b);
  a->next_batch(same);
  b->next_batch(same);
  CHECK(std::vector<Real>(theta.begin(), theta.begin() + 3) == theta_a);
  CHECK(std::vector<Real>(theta.begin() + 3, theta.end()) == theta_b);
  Evaluation evaluation, evaluation_a, evaluation_b;
  const double loss = evaluation(*both, theta);
  CHECK(loss ==
        rounded(2 * evaluation_a(*a, theta_a) + 0.5 * evaluation_b(*b, theta_b), 1));  // factors of two round nothing
  for (std::size_t k = 0; k < 3; ++k) CHECK(evaluation.gradient()[k] == 2 * evaluation_a.gradient()[k]);
  for (std::size_t k = 0; k < 5; ++k) CHECK(evaluation.gradient()[3 + k] == Real(0.5) * evaluation_b.gradient()[k]);
}

TEST_CASE("ensemble: a choice is one of the members, as often as its weight says, and the seed decides") {
  const Family one = family(Mode::choice), other = family(Mode::choice);
  Rng rng(3), same(3);
  std::map<Index, int> count;
  std::vector<Real> theta, theta_g;
  Evaluation evaluation, evaluation_g;
  for (int k = 0; k < 1000; ++k) {
    const auto f = one(rng, Split::train), g = other(same, Split::train);
    const Index n = f->layout().size();
    REQUIRE(g->layout().size() == n);
    ++count[n];
    theta.resize(n), theta_g.resize(n);
    f->init(rng, theta);
    g->init(same, theta_g);
    f->next_batch(rng);
    g->next_batch(same);
    REQUIRE(evaluation(*f, theta) == evaluation_g(*g, theta_g));
    CHECK(f->layout().parameters().front().name == (n == 3 ? "a.theta" : "b.theta"));
    CHECK(f->layout().groups().size() == 2);  // an optimizer of two parts has its groups, whatever is drawn
  }
  CHECK(count.size() == 2);
  CHECK(count[3] == Near(800, 4 * std::sqrt(1000 * 0.8 * 0.2)));  // four standard deviations
}

TEST_CASE("ensemble: a chosen function is that of its member") {
  Rng rng(5), same(5);
  const auto f = ensemble_of({{"only", bowl(4)}}, Mode::choice)(rng, Split::test);
  same.uniform();  // which the choice took
  const auto member = bowl(4)(same, Split::test);
  std::vector<Real> theta(4), theta_member(4);
  f->init(rng, theta);
  member->init(same, theta_member);
  CHECK(theta == theta_member);
  f->next_batch(rng);
  member->next_batch(same);
  CHECK(Evaluation()(*f, theta) == Evaluation()(*member, theta));
}

TEST_CASE("ensemble: functions, and the loss at chance") {
  const std::vector<EnsembleMember> members = {{"a", bowl(3, "", 4, 0.5), 2}, {"b", bowl(2, "", 4, 0.25), 6}};
  const Family sum = ensemble_of(members, Mode::sum), choice = ensemble_of(members, Mode::choice);
  CHECK(sum.example()->functions() == 4);
  CHECK(sum.chance_loss() == 2 * 0.5 + 6 * 0.25);
  CHECK(choice.example()->functions() == 4);
  CHECK(choice.chance_loss() == (2 * 0.5 + 6 * 0.25) / 8);
  const std::vector<EnsembleMember> unequal = {{"a", bowl(3, "", 4, 0.5), 2}, {"b", bowl(2, "", 3, 0.25), 6}};
  CHECK(ensemble_of(unequal, Mode::sum).example()->functions() == 1);
  CHECK(ensemble_of(unequal, Mode::sum).chance_loss() == 2 * 4 * 0.5 + 6 * 3 * 0.25);
  const Family unequal_choice = ensemble_of(unequal, Mode::choice);
  CHECK(unequal_choice.chance_loss() == choice.chance_loss());
  Rng rng(1);
  for (int k = 0; k < 10; ++k) {
    const auto f = unequal_choice(rng, Split::train);
    CHECK(f->functions() == (f->layout().size() == 3 ? 4 : 3));
  }
}

TEST_CASE("ensemble: optimizers are trained, tuned and followed on both modes") {
  const OptimizerModel one{CoordinateModel(kSmall)},
      two({{"conv", CoordinateModel(kSmall)}, {"fc", CoordinateModel(kSmall)}});
  for (const Mode mode : {Mode::sum, Mode::choice}) {
    for (const bool fused : {true, false}) {
      for (const OptimizerModel& model : {one, two}) {
        const MetaTrainConfig config = {.epochs = 80,
                                        .steps = 10,
                                        .unroll = 5,
                                        .functions = 2,
                                        .learning_rate = 0.03,
                                        .validate_every = 20,
                                        .validation_functions = 8,
                                        .seed = 2,
                                        .fused = fused};
        MetaTrainer trainer(model, family(mode), config);
        double first = 0;
        while (!trainer.done()) {
          const EpochReport report = trainer.run_epoch();
          if (report.validated && first == 0) first = report.validation;
        }
        CHECK(trainer.state().best_validation < first);
        const LearnedOptimizer learned = trainer.best();
        const EvaluateOptions options{.split = Split::validation, .functions = 8, .steps = 10, .seed = 2};
        const Curves curves = evaluate([&] { return make_optimizer(learned); }, family(mode), options);
        CHECK(curves.final_mean() == trainer.state().best_validation);
        for (int k = 0; k < 8; ++k) {
          const Trace seen = trace(learned, family(mode), k, options);
          REQUIRE(seen.steps.size() == 10);
          // The logarithm of a gradient g, over 10, makes 1 / (10 |g|) of an error: a hundred if |g| is 1e-3.
          const double n = 2 * forward_roundings(kSmall, 10), size = 100 * largest(curves.losses[k]);
          for (int t = 0; t < 10; ++t) CHECK(seen.steps[t].loss == rounded(curves.losses[k][t], n, size));
          CHECK(seen.steps[0].layers.size() == model.parts().size());
        }
        const MetaPlan plan = plan_memory(model, family(mode), config);
        CHECK(plan.coordinates == (mode == Mode::sum ? 8 : 5));  // of the largest
      }
    }
    EvaluateOptions options{.split = Split::validation, .functions = 8, .steps = 10};
    const Curves adam = evaluate([] { return std::make_unique<Adam>(0.2); }, family(mode), options);
    CHECK(adam.final_mean() < 0.7 * adam.mean(0));
    options.threads = 3;
    CHECK(evaluate([] { return std::make_unique<Adam>(0.2); }, family(mode), options).losses == adam.losses);
  }
}

TEST_CASE("ensemble: groups that do not fit are an error before the training, whatever is drawn first") {
  for (const Mode mode : {Mode::sum, Mode::choice}) {
    const OptimizerModel conv({{"conv", CoordinateModel(kSmall)}});
    CHECK_THROWS_WITH(MetaTrainer(conv, family(mode), {}), ContainsSubstring("no optimizer is for the group 'fc'"));
  }
}

TEST_CASE("ensemble: what does not make one is refused") {
  CHECK_THROWS_WITH(ensemble_of({}, Mode::sum), ContainsSubstring("no members"));
  CHECK_THROWS_WITH(ensemble_of({{"a", bowl(1)}, {"a", bowl(2)}}, Mode::sum), ContainsSubstring("'a' is there twice"));
  CHECK_THROWS_WITH(ensemble_of({{"a", bowl(1), 0}}, Mode::sum),
                    ContainsSubstring("weight of 'a' is 0") && ContainsSubstring("above 0"));
  CHECK_THROWS_WITH(ensemble_of({{"a", bowl(1), NAN}}, Mode::choice), ContainsSubstring("weight of 'a'"));
}

TEST_CASE("ensemble: the table's row") {
  const auto make = [](const OptionValues& values) { return make_optimizee(find_optimizee("ensemble"), values); };
  CHECK(make({{"members", "quadratic"}}).example()->layout().size() == 1280);
  const Family two_sizes = make({{"members", "quadratic:dim=2:batch=3,quadratic:dim=4:batch=3"}, {"mode", "sum"}});
  CHECK(two_sizes.example()->layout().size() == 3 * 2 + 3 * 4);
  CHECK(make({{"members", "quadratic"}, {"mode", "sum"}, {"weights", "0.5"}}).example()->functions() == 128);
  struct Mistake {
    std::string name, value, message;
  };
  const std::vector<Mistake> table = {
      {"members", "quadratic,cubic", "'cubic' is unknown"},
      {"members", "", "'' is unknown"},
      {"members", "quadratic,", "'' is unknown"},
      {"members", "quadratic,quadratic", "members: 'quadratic' is there twice"},
      {"members", "ensemble", "cannot be a member"},
      {"members", "quadratic:dim=x", "members: 'quadratic:dim=x': dim 'x' must be a whole number"},
      {"members", "quadratic:dim", "'dim' is not OPTION=VALUE"},
      {"members", "quadratic:dim=2:dim=3", "'dim' is there twice"},
      {"members", "quadratic:size=2", "no option 'size'"},
      {"mode", "product", "mode 'product' is unknown; there are choice and sum"},
      {"weights", "1", "weights '1': 1 numbers for 2 members"},
      {"weights", "1,x", "weights 'x' must be a number above 0"},
      {"weights", "1,-1", "weights '-1' must be"},
      {"weights", "1,1,1", "3 numbers for 2"},
  };
  for (const Mistake& mistake : table) {
    INFO(mistake.name << " " << mistake.value);
    CHECK_THROWS_AS(make({{mistake.name, mistake.value}}), UsageError);
    CHECK_THROWS_WITH(make({{mistake.name, mistake.value}}), ContainsSubstring(mistake.message));
  }
}

}  // namespace l2l::ensemble_test
