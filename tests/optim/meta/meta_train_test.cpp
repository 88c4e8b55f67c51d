#include "optim/meta/meta_train.h"

#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/learned/unroll.h"
#include "tests/autodiff/allocations.h"
#include "tests/optim/families.h"
#include "tests/optim/roundings.h"

namespace l2l::meta_train_test {

using namespace l2l::testing;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const Family bowl = bowls(5, 0.05);

CoordinateConfig small_lstm() { return {1, 6, {}, 0.1}; }
/// The same by another computation of one unroll of four steps.
Near recomputed(double value) { return rounded(value, 2 * gradient_roundings(small_lstm(), 4)); }

MetaTrainConfig short_training() {
  MetaTrainConfig config;
  config.epochs = 8;
  config.steps = 20;
  config.unroll = 5;
  config.validate_every = 4;
  config.validation_functions = 2;
  config.seed = 3;
  return config;
}

std::vector<EpochReport> run(MetaTrainer& trainer) {
  std::vector<EpochReport> reports;
  while (!trainer.done()) reports.push_back(trainer.run_epoch());
  return reports;
}

/// One meta-step an epoch.
MetaTrainConfig one_unroll() {
  MetaTrainConfig config = short_training();
  config.steps = config.unroll = 4;
  config.validation_functions = 1;
  return config;
}

EpochReport first_epoch(const Family& family, const MetaTrainConfig& config) {
  return MetaTrainer(CoordinateModel(small_lstm()), family, config).run_epoch();
}

bool same(const MetaTrainState& a, const MetaTrainState& b) {
  return a.phi == b.phi && a.best_phi == b.best_phi && a.adam.m == b.adam.m && a.adam.v == b.adam.v &&
         a.adam.steps == b.adam.steps && a.random == b.random && a.epoch == b.epoch &&
         a.best_validation == b.best_validation && a.start_validation == b.start_validation &&
         a.validations_since_best == b.validations_since_best;
}

}  // namespace

TEST_CASE("meta-training makes an optimizer that beats its untrained self") {
  MetaTrainConfig config = short_training();
  config.epochs = 150;
  config.validate_every = 25;
  config.functions = 2;
  config.learning_rate = 0.02;
  MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
  const auto reports = run(trainer);
  CHECK(reports.size() == 150);
  CHECK(trainer.state().best_validation < 0.2 * trainer.state().start_validation);
  CHECK(trainer.failure_reason().empty());
  const int steps = trainer.validation().steps;
  const auto kept = [&] { return make_optimizer(trainer.best()); };
  CHECK(evaluate(kept, bowl, trainer.validation()).mean(steps) == trainer.state().best_validation);
  // On functions of the test split, which have their minima elsewhere.
  const LearnedOptimizer best = trainer.best();
  const EvaluateOptions options{.functions = 10, .steps = 20};
  const Curves trained = evaluate([&] { return std::make_unique<CoordinateOptimizer>(best); }, bowl, options);
  CHECK(trained.final_mean() < 0.3 * trained.mean(0));
}

TEST_CASE("the fused and the plain unroll train alike") {
  MetaTrainConfig config = short_training();
  MetaTrainer fused(CoordinateModel(small_lstm()), bowl, config);
  config.fused = false;
  MetaTrainer plain(CoordinateModel(small_lstm()), bowl, config);
  const auto a = run(fused), b = run(plain);
  const double weights = static_cast<double>(plain.state().phi.size());
  double moved = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    // An error ε ‖g‖ of a gradient g turns ADAM's step, at most η, by η ε ‖g‖ / |g_k|, which changes the loss by
    // η ε ‖g‖, for each weight, at each of four unrolls an epoch.
    const double error = roundings(2 * gradient_roundings(small_lstm(), config.steps)) * kUnit<>;
    moved += 4 * weights * config.learning_rate * error * b[k].gradient_norm;
    CHECK(a[k].meta_loss == Near(b[k].meta_loss, moved + error * b[k].meta_loss));
  }
}

TEST_CASE("the same seed gives the same bytes, for any number of threads") {
  MetaTrainConfig config = short_training();
  const Family wide = bowls(300, 0.05);
  MetaTrainer one(CoordinateModel(small_lstm()), wide, config);
  run(one);
  for (int threads : {1, 2, 3}) {
    config.threads = threads;
    MetaTrainer many(CoordinateModel(small_lstm()), wide, config);
    run(many);
    CHECK(many.state().phi == one.state().phi);
    CHECK(many.state().best_validation == one.state().best_validation);
  }
  config.seed = 4;
  MetaTrainer other(CoordinateModel(small_lstm()), wide, config);
  run(other);
  CHECK(other.state().phi != one.state().phi);
}

TEST_CASE("a resumed run is the uninterrupted one") {
  MetaTrainConfig config = short_training();
  if (GENERATE(false, true)) {  // what is left to chance goes on too
    config.imitated = FixedRule{"adam", 0.05};
    config.imitation_share = 0.5;
  }
  MetaTrainer whole(CoordinateModel(small_lstm()), bowl, config);
  run(whole);
  MetaTrainer first(CoordinateModel(small_lstm()), bowl, config);
  for (int k = 0; k < 3; ++k) first.run_epoch();
  MetaTrainer second(CoordinateModel(small_lstm()), bowl, config);
  second.resume(first.state());
  CHECK(run(second).size() == 5);
  CHECK(second.state().phi == whole.state().phi);
  CHECK(second.state().best_phi == whole.state().best_phi);
  CHECK(second.state().best_validation == whole.state().best_validation);
}

TEST_CASE("a run resumed after its best validation remembers it") {
  Script script;
  script.validation_offsets = {1000, 100, 200, 300, 400};  // the first at θ_0, then one an epoch
  MetaTrainConfig config = one_unroll();
  config.validate_every = 1;
  config.patience = 3;
  MetaTrainer whole(CoordinateModel(small_lstm()), scripted(script), config);
  CHECK(run(whole).size() == 4);
  const Family family = scripted(script);  // one script for both halves
  MetaTrainer first(CoordinateModel(small_lstm()), family, config);
  for (int k = 0; k < 2; ++k) first.run_epoch();
  MetaTrainer second(CoordinateModel(small_lstm()), family, config);
  second.resume(first.state());
  CHECK(run(second).size() == 2);
  CHECK(same(second.state(), whole.state()));
  CHECK(second.state().start_validation > 1000);
  CHECK(second.state().best_phi != second.state().phi);
}

TEST_CASE("five unrolls of 20 follow the same trajectory as one of 100") {
  // With a meta-rate too small to change a float, φ stays and only the carried state could differ.
  for (const bool fused : {false, true}) {
    MetaTrainConfig config = short_training();
    config.learning_rate = 1e-30;
    config.epochs = 2;
    config.steps = 100;
    config.clip = 0;
    config.fused = fused;
    config.unroll = 20;
    MetaTrainer five(CoordinateModel(small_lstm()), bowl, config);
    config.unroll = 100;
    MetaTrainer one(CoordinateModel(small_lstm()), bowl, config);
    const auto a = run(five), b = run(one);
    CHECK(a[0].final_loss != a[1].final_loss);
    for (std::size_t k = 0; k < a.size(); ++k) {
      CHECK(a[k].meta_loss == b[k].meta_loss);
      CHECK(a[k].final_loss == b[k].final_loss);
    }
  }
}

TEST_CASE("training sees functions of the training split, validation those of its own") {
  constexpr Split train = Split::train, validation = Split::validation;
  MetaTrainConfig config = short_training();
  config.epochs = 2;
  config.validate_every = 2;
  config.functions = 2;
  config.validation_functions = 3;
  const auto script = std::make_shared<Script>();
  MetaTrainer trainer(CoordinateModel(small_lstm()), scripted(script), config);
  script->draws.clear();  // an example to check the groups of
  run(trainer);
  const std::vector<Split> expected = {validation, validation, validation,  // at θ_0
                                       train,      train,      train,      train,  // two epochs of two functions
                                       validation, validation, validation};
  CHECK(script->draws == expected);
}

TEST_CASE("a meta-step averages over its functions") {
  MetaTrainConfig config = one_unroll();
  const EpochReport one = first_epoch(scripted(), config);
  CHECK(one.gradient_norm > 0);
  config.functions = 3;  // three times the same
  const EpochReport three = first_epoch(scripted(), config);
  CHECK(three.gradient_norm == recomputed(one.gradient_norm));
  CHECK(three.meta_loss == recomputed(one.meta_loss));
  CHECK(three.final_loss == recomputed(one.final_loss));
}

TEST_CASE("a member that is the sum of several functions counts per function") {
  const EpochReport one = first_epoch(scripted(), one_unroll());
  Script script;
  script.functions = 2;
  const EpochReport two = first_epoch(scripted(script), one_unroll());
  CHECK(two.gradient_norm == one.gradient_norm / 2);
  CHECK(two.meta_loss == one.meta_loss / 2);
  CHECK(two.final_loss == one.final_loss / 2);
}

TEST_CASE("every loss of an unroll, or its logarithm, has its own weight") {
  MetaTrainConfig config = one_unroll();
  config.weights = {7, 0.5, -2, 3, 0.25};
  config.log_loss = GENERATE(false, true);
  const CoordinateModel model(small_lstm());
  MetaTrainer trainer(model, scripted(), config);
  // L = Σ_t w_t f(θ_t), or with ∇f / f for ∇f, through the plain recorder, with the φ that the trainer begins with:
  const std::vector<Real> phi = trainer.state().phi;
  Scripted f(std::make_shared<Script>(), Split::train);
  Evaluation evaluation;
  Tape tape;
  const auto recorder = make_composed_recorder(model);
  recorder->reset(Layout::flat(4));
  const Var p = tape.variable({static_cast<Index>(phi.size())}, phi);
  recorder->open(p);
  Var theta = tape.constant({4}, Real(0));
  Var loss = tape.constant({}, Real(0));
  for (int t = 0; t <= config.unroll; ++t) {
    if (t > 0) theta = recorder->step(theta, evaluation.gradient());
    const Real value = static_cast<Real>(evaluation(f, theta.values()));
    const double weight = config.log_loss ? config.weights[t] / value : config.weights[t];
    loss = loss + static_cast<Real>(weight) * known_gradient(theta, value, evaluation.gradient());
  }
  tape.backward(loss);
  CHECK(trainer.run_epoch().gradient_norm == recomputed(norm(p.gradient())));

  std::vector<double> doubled = config.weights;
  for (double& w : doubled) w *= 2;
  config.weights = doubled;
  CHECK(first_epoch(scripted(), config).gradient_norm == recomputed(2 * norm(p.gradient())));
}

TEST_CASE("the logarithm of a loss that is not positive is an error") {
  Script script;
  script.training_offset = -100;
  MetaTrainConfig config = one_unroll();
  CHECK_NOTHROW(first_epoch(scripted(script), config));
  config.log_loss = true;
  CHECK_THROWS_WITH(first_epoch(scripted(script), config),
                    Catch::Matchers::ContainsSubstring("log-loss: a loss is -9"));
}

TEST_CASE("with a discount an update counts the less for a loss the later that is") {
  MetaTrainConfig config = one_unroll();
  config.discount = 0.7;
  config.weights = {7, 0.5, -2, 3, 0.25};
  const CoordinateModel model(small_lstm());
  MetaTrainer trainer(model, scripted(), config);
  // ∂L/∂u_t = Σ_{s>t} γ^{s-t-1} w_s ∇_s, written out, with each update on a θ of its own:
  const std::vector<Real> phi = trainer.state().phi;
  Scripted f(std::make_shared<Script>(), Split::train);
  Evaluation evaluation;
  Tape tape;
  const auto recorder = make_composed_recorder(model);
  recorder->reset(Layout::flat(4));
  const Var p = tape.variable({static_cast<Index>(phi.size())}, phi);
  recorder->open(p);
  std::vector<Real> theta(4);
  std::vector<std::vector<Real>> gradients;
  std::vector<Var> updated;
  for (int t = 0; t <= config.unroll; ++t) {
    evaluation(f, theta);
    gradients.emplace_back(evaluation.gradient().begin(), evaluation.gradient().end());
    if (t == config.unroll) break;
    updated.push_back(recorder->step(tape.constant({4}, theta), gradients.back()));
    std::copy_n(updated.back().value, 4, theta.begin());
  }
  Var loss = tape.constant({}, Real(0));
  for (int t = 0; t < config.unroll; ++t) {
    std::vector<Real> answer(4);
    for (int s = t + 1; s <= config.unroll; ++s) {
      for (Index k = 0; k < 4; ++k) {
        answer[k] += static_cast<Real>(std::pow(0.7, s - t - 1) * config.weights[s]) * gradients[s][k];
      }
    }
    loss = loss + known_gradient(updated[t], 0, answer);
  }
  tape.backward(loss);
  CHECK(trainer.run_epoch().gradient_norm == recomputed(norm(p.gradient())));
  config.discount = 1;
  CHECK(first_epoch(scripted(), config).gradient_norm != Near(norm(p.gradient()), 1e-3 * norm(p.gradient())));
  config.discount = 1.1;
  CHECK_THROWS_AS(first_epoch(scripted(), config), UsageError);
}

TEST_CASE("imitation: the error is that of each step beside the rule's, relative to it") {
  MetaTrainConfig config = one_unroll();
  config.imitated = FixedRule{"adam", 0.05};
  config.discount = 0.7;
  config.weights = {7, 0.5, -2, 3, 0.25};
  const CoordinateModel model(small_lstm());
  MetaTrainer trainer(model, scripted(), config);
  // E written out, with each update on a θ of its own, and ADAM beside it that sees the same gradients:
  const std::vector<Real> phi = trainer.state().phi;
  Scripted f(std::make_shared<Script>(), Split::train);
  Evaluation evaluation;
  Tape tape;
  const auto recorder = make_composed_recorder(model);
  recorder->reset(Layout::flat(4));
  const Var p = tape.variable({static_cast<Index>(phi.size())}, phi);
  recorder->open(p);
  Adam adam(0.05);
  adam.reset(Layout::flat(4));
  std::vector<Real> theta(4);
  Var error = tape.constant({}, Real(0));
  double squares = 0;
  for (int t = 0; t < config.unroll; ++t) {
    evaluation(f, theta);
    std::vector<Real> proposal = theta;
    adam.step(evaluation.gradient(), proposal);
    double size = 0;
    for (Index k = 0; k < 4; ++k) size += std::pow(proposal[k] - theta[k], 2);
    const Var next = recorder->step(tape.constant({4}, theta), evaluation.gradient());
    const Var relative = sum(square(next - tape.constant({4}, proposal))) / static_cast<Real>(size);
    error = error + relative / static_cast<Real>(2 * config.unroll);
    squares += relative.item() / config.unroll;
    std::copy_n(next.value, 4, theta.begin());
  }
  tape.backward(error);
  const EpochReport report = trainer.run_epoch();
  CHECK(report.gradient_norm == recomputed(norm(p.gradient())));
  REQUIRE(report.deviation);
  CHECK(*report.deviation == recomputed(std::sqrt(squares)));
  config.functions = 3;  // three times the same
  const EpochReport three = first_epoch(scripted(), config);
  CHECK(three.gradient_norm == recomputed(report.gradient_norm));
  CHECK(three.deviation.value() == recomputed(*report.deviation));
  CHECK(!first_epoch(scripted(), one_unroll()).deviation);
  config.imitated = FixedRule{"wavelet", 0.05};
  CHECK_THROWS_AS(first_epoch(scripted(), config), UsageError);
  config.imitated = FixedRule{"adam", 0};
  CHECK_THROWS_AS(first_epoch(scripted(), config), UsageError);
}

TEST_CASE("a mixture: each trajectory imitates by chance, or learns from its losses") {
  MetaTrainConfig config = one_unroll();
  config.learning_rate = 1e-30;  // too small to change φ: every epoch is the same but for its objective
  config.epochs = 400;
  const EpochReport losses = first_epoch(scripted(), config);
  config.imitated = FixedRule{"adam", 0.05};
  const EpochReport imitation = first_epoch(scripted(), config);
  CHECK(imitation.gradient_norm != recomputed(losses.gradient_norm));
  config.imitation_share = 0.3;
  MetaTrainer trainer(CoordinateModel(small_lstm()), scripted(), config);
  double imitating = 0;
  for (const EpochReport& report : run(trainer)) {
    const EpochReport& expected = report.deviation ? imitation : losses;
    CHECK(report.gradient_norm == expected.gradient_norm);
    CHECK(report.deviation == expected.deviation);
    imitating += report.deviation ? 1 : 0;
  }
  CHECK(imitating == Near(0.3 * 400, 4 * std::sqrt(400 * 0.3 * 0.7)));  // four standard deviations
  // Of several functions in a step each has its own: the deviation is that of those that imitate.
  config.epochs = 1;
  config.functions = 20;
  CHECK(first_epoch(scripted(), config).deviation.value() == recomputed(*imitation.deviation));
  for (const double share : {0.0, -0.1, 1.1}) {
    config.imitation_share = share;
    CHECK_THROWS_AS(first_epoch(scripted(), config), UsageError);
  }
  config.imitation_share = 0.3;
  config.imitated.reset();
  CHECK_THROWS_AS(first_epoch(scripted(), config), UsageError);
}

TEST_CASE("an LSTM learns to step as heavy ball does") {
  MetaTrainConfig config = short_training();
  config.imitated = FixedRule{"momentum", 0.02};
  config.epochs = 600;
  config.learning_rate = 0.03;
  const OptimizerModel model = CoordinateModel(small_lstm());
  MetaTrainer trainer(model, bowl, config);
  const auto reports = run(trainer);
  CHECK(reports.front().deviation.value() > 0.8);
  CHECK(reports.back().deviation.value() < 0.1);
  // Along whole trajectories of the test split; the last φ, for the best one may be better than what it imitates.
  const EvaluateOptions options{.functions = 10, .steps = 20};
  const Curves copy = evaluate([&] { return make_optimizer({model, trainer.state().phi}); }, bowl, options);
  const Curves original = evaluate([] { return std::make_unique<Momentum>(0.02); }, bowl, options);
  // Steps that are off by a tenth make losses that are off by as much, and somewhat more in the end.
  CHECK(copy.final_mean() == Near(original.final_mean(), 0.15 * original.final_mean()));
  CHECK(copy.sum(1, 20) == Near(original.sum(1, 20), 0.1 * original.sum(1, 20)));
}

TEST_CASE("the meta-gradient is clipped before ADAM sees it, and reported as it was") {
  // After ADAM's first step m = (1 - β1) g: two roundings; two for a norm, as many for the clipping.
  const auto first_step = [](double clip) {
    MetaTrainConfig config = one_unroll();
    config.clip = clip;
    MetaTrainer trainer(CoordinateModel(small_lstm()), scripted(), config);
    const double reported = trainer.run_epoch().gradient_norm;
    return std::pair(reported, norm(trainer.state().adam.m) / 0.1);
  };
  const auto [free, free_seen] = first_step(0);
  CHECK(free > 2e-3);
  CHECK(free_seen == rounded(free, 4));
  const auto [clipped, clipped_seen] = first_step(1e-3);
  CHECK(clipped == free);
  CHECK(clipped_seen == rounded(1e-3, 8));
  CHECK(first_step(2 * free).second == rounded(free, 4));
}

TEST_CASE("weights choose the losses that count") {
  // All weight on the first loss of an unroll, which no update can change: nothing to learn.
  MetaTrainConfig config = short_training();
  config.weights.assign(config.unroll + 1, 0);
  config.weights[0] = 1;
  MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
  for (const EpochReport& report : run(trainer)) CHECK(report.gradient_norm == 0);
  config.weights.back() = 1;
  MetaTrainer last(CoordinateModel(small_lstm()), bowl, config);
  CHECK(last.run_epoch().gradient_norm > 0);
  config.weights.pop_back();
  CHECK_THROWS_AS(MetaTrainer(CoordinateModel(small_lstm()), bowl, config), UsageError);
}

TEST_CASE("the meta-rate decays along a cosine") {
  MetaTrainConfig config = short_training();
  config.learning_rate = 0.1;
  config.final_rate = 0.1;
  MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
  const auto reports = run(trainer);
  CHECK(reports[0].learning_rate == rounded<double>(0.1, 4));
  CHECK(reports[4].learning_rate == rounded<double>(0.055, 8));  // half-way: the middle of 0.1 and 0.01
  CHECK(reports[7].learning_rate < 0.02);
}

TEST_CASE("training stops early when validation no longer improves") {
  MetaTrainConfig config = short_training();
  config.epochs = 100;
  config.validate_every = 1;
  config.patience = 2;
  config.learning_rate = 1e-30;  // nothing improves after the first validation
  MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
  CHECK(run(trainer).size() == 3);
}

TEST_CASE("the best φ is that of the best validation, not of the last") {
  Script script;
  script.validation_offsets = {400, 300, 100, 200, 150};
  MetaTrainConfig config = one_unroll();
  config.epochs = 4;
  config.validate_every = 1;
  MetaTrainer trainer(CoordinateModel(small_lstm()), scripted(script), config);
  std::vector<std::vector<Real>> phi;
  std::vector<bool> best;
  std::vector<double> validation;
  while (!trainer.done()) {
    const EpochReport report = trainer.run_epoch();
    best.push_back(report.best);
    validation.push_back(report.validation);
    phi.push_back(trainer.state().phi);
  }
  CHECK(best == std::vector<bool>{true, true, false, false});
  CHECK(trainer.state().best_phi == phi[1]);
  CHECK(trainer.best().phi == phi[1]);
  CHECK(phi[1] != phi[0]);
  CHECK(phi[1] != phi[3]);
  CHECK(trainer.state().best_validation == validation[1]);
  CHECK(trainer.state().validations_since_best == 2);
}

TEST_CASE("of an imitation the last φ is the best, of a mixture the one with the best validation") {
  Script script;
  script.validation_offsets = {400, 300, 100, 200};
  MetaTrainConfig config = one_unroll();
  config.epochs = 3;
  config.validate_every = 1;
  config.imitated = FixedRule{"sgd", 0.01};
  MetaTrainer trainer(CoordinateModel(small_lstm()), scripted(script), config);
  for (const EpochReport& report : run(trainer)) CHECK(report.best);
  CHECK(trainer.state().best_phi == trainer.state().phi);
  CHECK(trainer.state().best_validation > 200);
  config.imitation_share = 0.5;
  MetaTrainer mixed(CoordinateModel(small_lstm()), scripted(script), config);
  std::vector<bool> best;
  for (const EpochReport& report : run(mixed)) best.push_back(report.best);
  CHECK(best == std::vector<bool>{true, true, false});
}

TEST_CASE("an error in the middle of an epoch leaves the state of the epoch before") {
  const auto script = std::make_shared<Script>();
  const MetaTrainConfig config = short_training();
  MetaTrainer trainer(CoordinateModel(small_lstm()), scripted(script), config);
  trainer.run_epoch();
  const MetaTrainState before = trainer.state();
  script->training_losses = 1 + config.unroll + 2;  // in the second unroll, after a step of ADAM
  CHECK_THROWS_AS(trainer.run_epoch(), Error);
  CHECK(same(trainer.state(), before));
  // And it goes on from there as if nothing had been.
  script->training_losses = std::numeric_limits<int>::max();
  trainer.run_epoch();
  MetaTrainer smooth(CoordinateModel(small_lstm()), scripted(), config);
  for (int k = 0; k < 2; ++k) smooth.run_epoch();
  CHECK(same(trainer.state(), smooth.state()));
}

TEST_CASE("whatever is thrown, in the trajectory or in the validation, leaves the state of the epoch before") {
  struct Stop {};
  struct Stopping : Bowl {
    Stopping(Rng& rng, Split split, int& batches) : Bowl(rng, split, 5, 0.05), batches(batches) {}
    void next_batch(Rng& rng) override {
      if (--batches < 0) throw Stop{};
      Bowl::next_batch(rng);
    }
    int& batches;
  };
  MetaTrainConfig config = short_training();
  config.validate_every = 1;
  MetaTrainer smooth(CoordinateModel(small_lstm()), bowl, config);
  for (int k = 0; k < 2; ++k) smooth.run_epoch();
  for (const int left : {0, 10, 20, 21, 30, 62}) {  // of 21 batches of the trajectory and 2 x 21 of the validation
    int batches = std::numeric_limits<int>::max();
    const Family family = [&](Rng& rng, Split split) { return std::make_unique<Stopping>(rng, split, batches); };
    MetaTrainer trainer(CoordinateModel(small_lstm()), family, config);
    trainer.run_epoch();
    const MetaTrainState before = trainer.state();
    batches = left;
    CHECK_THROWS_AS(trainer.run_epoch(), Stop);
    CHECK(same(trainer.state(), before));
    batches = std::numeric_limits<int>::max();
    trainer.run_epoch();
    CHECK(same(trainer.state(), smooth.state()));
  }
}

TEST_CASE("an optimizer that learned to do nothing has a failure reason") {
  MetaTrainConfig config = short_training();
  config.learning_rate = 1e-30;
  CoordinateConfig idle = small_lstm();
  idle.output_scale = 0;
  MetaTrainer trainer(CoordinateModel(idle), bowls(5), config);
  run(trainer);
  CHECK(trainer.failure_reason().find("learned to do nothing") != std::string::npos);
}

TEST_CASE("an optimizer that makes things worse has a failure reason") {
  MetaTrainConfig config = short_training();
  config.learning_rate = 1e-30;
  CoordinateConfig wild = small_lstm();
  wild.output_scale = 100;
  MetaTrainer trainer(CoordinateModel(wild), bowls(5), config);
  run(trainer);
  CHECK(trainer.failure_reason().find("makes things worse") != std::string::npos);
}

TEST_CASE("an optimizer that ends at chance has a failure reason") {
  // One that leaves θ alone, on a loss of 5 that the script makes 7 at θ_0 and `end` in the only validation.
  const auto failure = [](double end, double chance_loss) {
    Script script;
    script.chance_loss = chance_loss;
    script.validation_offsets = {2, end - 5};
    MetaTrainConfig config = one_unroll();
    config.epochs = 1;
    CoordinateConfig idle = small_lstm();
    idle.output_scale = 0;
    MetaTrainer trainer(CoordinateModel(idle), scripted(script), config);
    run(trainer);
    return trainer.failure_reason();
  };
  CHECK(failure(1, 1).find("loss stays at 1, and the loss at chance is 1 ") != std::string::npos);
  CHECK(failure(0.9, 1) == "");
  CHECK(failure(1, kInfinity) == "");
  CHECK(failure(kInfinity, 1).find("diverged in every validation") != std::string::npos);
}

TEST_CASE("there is no failure reason before the first validation") {
  MetaTrainer trainer(CoordinateModel(small_lstm()), scripted(), short_training());
  CHECK(trainer.failure_reason() == "");
  trainer.run_epoch();
  CHECK(trainer.failure_reason() == "");
}

TEST_CASE("a diverging run says where") {
  MetaTrainConfig config = short_training();
  CoordinateConfig wild = small_lstm();
  wild.output_scale = 1000;
  MetaTrainer trainer(CoordinateModel(wild), always<Cliff>(), config);
  std::string message;
  try {
    run(trainer);
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(message.find("diverged in epoch 1") != std::string::npos);
  CHECK(message.find("step 1") != std::string::npos);
}

TEST_CASE("an epoch that ends with weights or moments that are not finite does not count") {
  MetaTrainConfig config = one_unroll();
  SECTION("weights") {
    config.learning_rate = kInfinity;
    MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
    CHECK_THROWS_WITH(trainer.run_epoch(),
                      Catch::Matchers::StartsWith("meta-training diverged in epoch 1: the optimizer's '"));
    CHECK(all_finite(trainer.state().phi));
  }
  SECTION("squares of gradients") {
    config.clip = 0;
    config.weights.assign(config.unroll + 1, std::pow(static_cast<double>(std::numeric_limits<Real>::max()), 0.6));
    MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
    // The norm is summed in double, the second moments in Real.
    const std::string what =
        sizeof(Real) == 8 ? "unroll 1: the norm of the gradient is" : "the second moment of the optimizer's '";
    CHECK_THROWS_WITH(trainer.run_epoch(), Catch::Matchers::ContainsSubstring(what));
    CHECK(trainer.state().epoch == 0);
  }
}

TEST_CASE("settings that make no sense are refused by name") {
  const auto refused = [](auto change, const char* name) {
    MetaTrainConfig config = short_training();
    change(config);
    try {
      MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
    } catch (const UsageError& error) {
      return std::string(error.what()).find(name) != std::string::npos;
    }
    return false;
  };
  CHECK(refused([](auto& c) { c.steps = 21; }, "multiple of unroll"));
  CHECK(refused([](auto& c) { c.epochs = 0; }, "epochs"));
  CHECK(refused([](auto& c) { c.unroll = -1; }, "unroll"));
  CHECK(refused([](auto& c) { c.functions = 0; }, "functions"));
  CHECK(refused([](auto& c) { c.threads = 0; }, "threads"));
  CHECK(refused([](auto& c) { c.learning_rate = NAN; }, "lr"));
  CHECK(refused([](auto& c) { c.clip = -1; }, "clip"));
  CHECK(refused([](auto& c) { c.clip = NAN; }, "clip"));
  CHECK(refused([](auto& c) { c.final_rate = -1; }, "final-rate"));
  CHECK(refused([](auto& c) { c.validate_every = 0; }, "validate-every"));
  CHECK(refused([](auto& c) { c.validation_functions = 0; }, "validation-functions"));
  CHECK(refused([](auto& c) { c.validation_steps = -1; }, "validation-steps"));
  CHECK(refused([](auto& c) { c.patience = -1; }, "patience"));
  for (double w : {double(NAN), kInfinity}) {
    CHECK(refused(
        [w](auto& c) {
          c.weights.assign(c.unroll + 1, 1);
          c.weights[2] = w;
        },
        "weight"));
  }
}

TEST_CASE("meta-training: no allocation per step once warm") {
  for (const bool fused : {true, false}) {
    const auto allocations_of_epoch = [&](int unrolls, int unroll) {
      MetaTrainConfig config = short_training();
      config.unroll = unroll;
      config.steps = unrolls * unroll;
      config.epochs = config.validate_every = 100;
      config.fused = fused;
      MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
      for (int k = 0; k < 3; ++k) trainer.run_epoch();
      const long before = l2l::testing::allocations();
      trainer.run_epoch();
      return l2l::testing::allocations() - before;
    };
    INFO("fused " << fused);
    // The epoch as such allocates a little, its steps must not. The meta-gradient of an unroll is on its way as one
    // task, its result, and the list of results.
#ifdef L2L_SANITIZE  // which has an allocator of its own
    constexpr long kMetaStep = 0;
#else
    constexpr long kMetaStep = 3;
#endif
    CHECK(allocations_of_epoch(2, 20) == allocations_of_epoch(2, 5));
    CHECK(allocations_of_epoch(8, 5) == allocations_of_epoch(2, 5) + 6 * kMetaStep);
  }
}

TEST_CASE("classify: what came of a training") {
  const double ln10 = std::log(10.0), none = std::numeric_limits<double>::infinity();
  CHECK(classify(2.4, 0.5, ln10) == Outcome::learned);
  CHECK(classify(2.4, 2.39, none) == Outcome::did_nothing);
  CHECK(classify(5, ln10, ln10) == Outcome::did_nothing);  // far below the start, but at chance
  CHECK(classify(2.4, 3, none) == Outcome::did_nothing);
  CHECK(classify(2.4, 4, none) == Outcome::made_worse);
  CHECK(classify(2.4, none, none) == Outcome::diverged);
  CHECK(classify(2.4, std::nan(""), none) == Outcome::diverged);
}

namespace {

/// A bowl whose parameters are of two groups.
class GroupedBowl : public Bowl {
 public:
  GroupedBowl(Rng& rng, Split split) : Bowl(rng, split, 6) {
    layout_ = Layout();
    layout_.add("a", {4}, "conv");
    layout_.add("b", {2}, "fc");
  }
};

}  // namespace

TEST_CASE("two LSTMs learn together") {
  MetaTrainConfig config = short_training();
  config.epochs = 100;
  config.validate_every = 50;
  config.learning_rate = 0.02;
  const CoordinateModel lstm(small_lstm());
  const Family family([](Rng& rng, Split split) { return std::make_unique<GroupedBowl>(rng, split); });
  MetaTrainer trainer(OptimizerModel({{"conv", lstm}, {"fc", lstm}}), family, config);
  run(trainer);
  CHECK(trainer.state().best_validation < 0.2 * trainer.state().start_validation);
  const LearnedOptimizer best = trainer.best();
  const Curves curves = evaluate([&] { return make_optimizer(best); }, family, {.functions = 10, .steps = 20});
  CHECK(curves.final_mean() < 0.3 * curves.mean(0));
  // Both took part.
  for (const OptimizerModel::Part& part : best.model.parts()) {
    const auto now = part.weights(std::span<const Real>(best.phi));
    std::vector<Real> start(best.phi.size());
    Rng rng(config.seed);
    best.model.init(rng, start);
    const auto before = part.weights(std::span<const Real>(start));
    for (std::size_t k = 0; k < now.size(); ++k) CHECK(now[k] != before[k]);
  }
}

TEST_CASE("trajectories grow geometrically, in whole unrolls") {
  MetaTrainConfig config = short_training();
  config.epochs = 5;
  config.steps = 160;
  config.first_steps = 10;
  config.unroll = 10;
  MetaTrainer trainer(CoordinateModel(small_lstm()), bowl, config);
  std::vector<int> steps;
  for (const EpochReport& report : run(trainer)) steps.push_back(report.steps);
  CHECK(steps == std::vector<int>{10, 20, 40, 80, 160});
  config.first_steps = 161;
  CHECK_THROWS_WITH(MetaTrainer(CoordinateModel(small_lstm()), bowl, config),
                    "first-steps is 161, it must be from 0 to steps (160)");
}

}  // namespace l2l::meta_train_test
