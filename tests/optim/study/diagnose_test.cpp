#include "optim/study/diagnose.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/error.h"
#include "optim/evaluate.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "tests/optim/families.h"
#include "tests/optim/roundings.h"

namespace l2l::diagnose_test {

namespace {

const Preprocess kNone{Preprocess::Kind::none, 1};

/// By hand: a layer of one unit, whose candidate g follows the gradient and whose gates are as the biases say.
/// u = -scale · σ(o) tanh(c). With the biases below it goes downhill.
LearnedOptimizer handmade(double scale = 0.5, const Preprocess& preprocess = kNone) {
  LearnedOptimizer learned{CoordinateModel({1, 1, preprocess, scale}), {}};
  learned.phi.resize(learned.model.layout().size());
  const Lstm::Layer& layer = learned.model.single().lstm().layers()[0];
  const Index slope = preprocess.kind == Preprocess::Kind::log_sign ? 1 : 0;  // the feature with the sign
  layer.weight_ih.in(std::span(learned.phi))[2 * preprocess.features() + slope] = Real(0.5);
  learned.model.single().output_weight().in(std::span(learned.phi))[0] = -1;
  return learned;
}

std::vector<Finding> diagnosis(const LearnedOptimizer& learned, const Family& f, int steps = 40,
                               double chance = std::numeric_limits<double>::infinity()) {
  const EvaluateOptions validation{.split = Split::validation, .steps = steps};
  std::vector<Trace> traces;
  for (int k = 0; k < 3; ++k) traces.push_back(trace(learned, f, k, validation));
  return diagnose(traces, learned.model.parts().front().model()->config(), chance, 40);
}

/// The loss of step t by another computation. The first is the largest: the handmade optimizer goes downhill.
testing::Near retraced(const std::vector<double>& losses, int t) {
  return testing::rounded(losses[t], 2 * testing::forward_roundings({1, 1}, 20), losses[0]);
}

/// The names of what needs a look.
std::vector<std::string> bad(const std::vector<Finding>& findings) {
  std::vector<std::string> names;
  for (const Finding& finding : findings) {
    CHECK(finding.ok == finding.remedy.empty());
    CHECK(!finding.text.empty());
    if (!finding.ok) names.push_back(finding.name);
  }
  return names;
}
bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("a trace has the losses of the optimizer that is followed") {
  const Family f = testing::bowls(5, 0.3);
  const LearnedOptimizer learned = handmade();
  EvaluateOptions options{.split = Split::validation, .functions = 2, .steps = 20, .seed = 4};
  const Curves curves = evaluate([&] { return std::make_unique<CoordinateOptimizer>(learned); }, f, options);
  for (int k = 0; k < 2; ++k) {
    const Trace traced = trace(learned, f, k, options);
    REQUIRE(traced.steps.size() == 20);
    for (int t = 0; t < 20; ++t) CHECK(traced.steps[t].loss == retraced(curves.losses[k], t));
  }
  options.steps = 0;
  CHECK_THROWS_AS(trace(learned, f, 0, options), UsageError);
}

/// Two Bowls side by side, of the groups "left" and "right".
class TwoBowls : public testing::Bowl {
 public:
  TwoBowls(Rng& rng, Split split) : Bowl(rng, split, 7, 0.3) {
    layout_ = Layout();
    layout_.add("a", {3}, "left"), layout_.add("b", {4}, "right");
  }
};

TEST_CASE("an optimizer of several parts is traced as it runs, and each of its LSTMs is looked at") {
  const LearnedOptimizer part = handmade(0.5, {Preprocess::Kind::log_sign, 10});
  const CoordinateModel& lstm = part.model.single();
  LearnedOptimizer both{OptimizerModel({{"right", lstm}, {"left", lstm}}), part.phi};
  both.phi.insert(both.phi.end(), part.phi.begin(), part.phi.end());
  LearnedOptimizer mixed{OptimizerModel({{"right", lstm}, {"left", FixedRule{"adam", 0.1}}}), part.phi};
  const EvaluateOptions options{.split = Split::validation, .functions = 1, .steps = 20, .seed = 4};
  const Family f([](Rng& rng, Split split) { return std::make_unique<TwoBowls>(rng, split); });
  for (const LearnedOptimizer* learned : {&both, &mixed}) {
    const Curves curves = evaluate([&] { return make_optimizer(*learned); }, f, options);
    const Trace traced = trace(*learned, f, 0, options);
    REQUIRE(traced.steps.size() == 20);
    for (int t = 0; t < 20; ++t) CHECK(traced.steps[t].loss == retraced(curves.losses[0], t));
  }
  const auto findings = diagnosis(both, f, 40, 1e9);
  CHECK(bad(findings).empty());
  CHECK_THAT(findings[4].text, Catch::Matchers::ContainsSubstring("right layer 0: i ") &&
                                   Catch::Matchers::ContainsSubstring("; left layer 0: i "));
  CHECK(findings[4].numbers[0].first == "i_right_l0");
  CHECK(findings[4].numbers[4].first == "i_left_l0");

  // Of two parts, one is sick.
  std::fill(both.phi.begin() + static_cast<std::ptrdiff_t>(part.phi.size()), both.phi.end(), NAN);
  CHECK_THAT(trace(both, f, 0, options).not_finite,
             Catch::Matchers::ContainsSubstring("the gates of the LSTM's layer 0 for the group 'left' at step 0"));
}

TEST_CASE("a healthy optimizer needs no look") {
  const Family f = testing::bowls();
  CHECK(bad(diagnosis(handmade(), f)).empty());
  CHECK(bad(diagnosis(handmade(0.2, {}), f)).empty());
}

TEST_CASE("each ailment is found") {
  const Family f = testing::bowls();
  LearnedOptimizer sick = handmade();
  SECTION("dead updates") {
    sick.model.single().output_weight().in(std::span(sick.phi))[0] = 0;
    CHECK(bad(diagnosis(sick, f)) == std::vector<std::string>{"dead updates"});
  }
  SECTION("saturated gates") {
    for (Real& weight : sick.phi) weight *= 1000;
    sick.model.single().output_weight().in(std::span(sick.phi))[0] = -1;
    const auto findings = diagnosis(sick, f);
    CHECK(has(bad(findings), "saturated gates"));
    CHECK_THAT(findings[4].remedy, Catch::Matchers::EndsWith(", or the log preprocessing"));
  }
  SECTION("clipped input") {
    CHECK(has(bad(diagnosis(handmade(0.001, {Preprocess::Kind::log_sign, 0.01}), f, 5)), "clipped input") == false);
    CHECK(bad(diagnosis(handmade(0.2, {Preprocess::Kind::log_sign, 1e-9}), f)) ==
          std::vector<std::string>{"clipped input"});
  }
  SECTION("a growing state") {
    // f is kept, i and g are open: c counts steps.
    const std::span<Real> bias = sick.model.single().lstm().layers()[0].bias.in(std::span(sick.phi));
    std::fill(bias.begin(), bias.end(), Real(4));
    bias[1] = 20;
    sick.model.single().output_weight().in(std::span(sick.phi))[0] = Real(1e-3);
    const auto found = bad(diagnosis(sick, f));
    CHECK(has(found, "growing state"));
    CHECK_THAT(diagnosis(sick, f, 40)[6].remedy, Catch::Matchers::EndsWith("another seed"));
    CHECK_THAT(diagnosis(sick, f, 41)[6].remedy, Catch::Matchers::EndsWith("steps as are followed"));
  }
  SECTION("a growing loss") {
    sick.model.single().output_weight().in(std::span(sick.phi))[0] = 1;  // uphill
    CHECK(bad(diagnosis(sick, f)) == std::vector<std::string>{"loss"});
  }
  SECTION("values that are not finite") {
    sick.model.single().output_weight().in(std::span(sick.phi))[0] = sizeof(Real) == 8 ? 1e200 : 1e30;
    const auto findings = diagnosis(sick, f);
    CHECK(has(bad(findings), "not finite"));
    CHECK(findings[0].text.find("the loss at step 1") != std::string::npos);
    sick.phi[0] = std::numeric_limits<Real>::quiet_NaN();
    CHECK(diagnosis(sick, f)[0].text.find("the gates of the LSTM's layer 0 at step 0") != std::string::npos);
    CHECK(diagnosis(handmade(20), testing::always<testing::Cliff>())[0].text.find("at step") != std::string::npos);
  }
  SECTION("a loss that is stuck at chance") {
    const auto healthy = diagnosis(handmade(), f);
    const double end = healthy[1].numbers[1].second;
    CHECK(bad(diagnosis(handmade(), f, 40, end)) == std::vector<std::string>{"chance loss"});
    CHECK(bad(diagnosis(handmade(), f, 40, end * 1.1)).empty());
  }
}

TEST_CASE("what a training's log says") {
  const std::vector<double> flat(20, 2.3), ones(20, 1);
  std::vector<double> falling(20), rising(20);
  for (int k = 0; k < 20; ++k) falling[k] = 2.3 * std::pow(0.9, k), rising[k] = std::pow(3.0, k);
  CHECK(bad(diagnose_training(falling, ones)).empty());
  CHECK(bad(diagnose_training(flat, ones)) == std::vector<std::string>{"training loss"});
  CHECK(bad(diagnose_training(rising, ones)) == std::vector<std::string>{"training loss"});
  CHECK_THAT(diagnose_training(flat, ones)[0].remedy, Catch::Matchers::StartsWith("training changed nothing"));
  CHECK_THAT(diagnose_training(rising, ones)[0].remedy, Catch::Matchers::StartsWith("training made it worse"));
  CHECK(bad(diagnose_training(falling, rising)) == std::vector<std::string>{"training gradient"});
  std::vector<double> vanishing(20, 1e-8);
  std::fill_n(vanishing.begin(), 10, 1);
  CHECK(bad(diagnose_training(falling, vanishing)) == std::vector<std::string>{"training gradient"});
  CHECK(diagnose_training({1}, {1}).empty());
}

}  // namespace l2l::diagnose_test
