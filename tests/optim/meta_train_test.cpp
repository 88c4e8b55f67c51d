#include "optim/meta_train.h"

#include <cmath>
#include <cstring>

#include "autodiff/error.h"
#include "optim/lstm_optimizer.h"
#include "optim/tune.h"
#include "tests/catch.h"
#include "tests/optim/families.h"

using namespace l2l;
using l2l::testing::Bowl;
using l2l::testing::Cliff;

namespace {

const OptimizeeFactory bowl = [] { return std::make_unique<Bowl>(5, 0.05); };

LstmConfig small_lstm() { return {1, 6, {}, 0.1}; }

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

}  // namespace

TEST_CASE("meta-training makes an optimizer that beats its untrained self") {
  MetaTrainConfig config = short_training();
  config.epochs = 150;
  config.validate_every = 25;
  config.functions = 2;
  config.learning_rate = 0.02;
  MetaTrainer trainer(LstmModel(small_lstm()), bowl, config);
  const auto reports = run(trainer);
  CHECK(reports.size() == 150);
  CHECK(trainer.state().best_validation < 0.2 * trainer.state().start_validation);
  CHECK(trainer.complaint().empty());
  // On functions of the test split, which have their minima elsewhere.
  const LearnedOptimizer best = trainer.best();
  const EvaluateOptions options{.functions = 10, .steps = 20};
  const Curves trained = evaluate([&] { return std::make_unique<LstmOptimizer>(best); }, bowl, options);
  CHECK(trained.final_mean() < 0.3 * trained.mean(0));
}

TEST_CASE("the fused and the plain unroll train alike") {
  MetaTrainConfig config = short_training();
  MetaTrainer fused(LstmModel(small_lstm()), bowl, config);
  config.fused = false;
  MetaTrainer plain(LstmModel(small_lstm()), bowl, config);
  const auto a = run(fused), b = run(plain);
  for (std::size_t k = 0; k < a.size(); ++k) {
    CHECK(a[k].meta_loss == Approx(b[k].meta_loss).epsilon(sizeof(Real) == 8 ? 1e-9 : 1e-3));
  }
}

TEST_CASE("the same seed gives the same bytes, for any number of threads") {
  MetaTrainConfig config = short_training();
  const OptimizeeFactory wide = [] { return std::make_unique<Bowl>(300, 0.05); };
  MetaTrainer one(LstmModel(small_lstm()), wide, config);
  run(one);
  for (int threads : {1, 2, 3}) {
    config.threads = threads;
    MetaTrainer many(LstmModel(small_lstm()), wide, config);
    run(many);
    CHECK(many.state().phi == one.state().phi);
    CHECK(many.state().best_validation == one.state().best_validation);
  }
  config.seed = 4;
  MetaTrainer other(LstmModel(small_lstm()), wide, config);
  run(other);
  CHECK(other.state().phi != one.state().phi);
}

TEST_CASE("a resumed run is the uninterrupted one") {
  const MetaTrainConfig config = short_training();
  MetaTrainer whole(LstmModel(small_lstm()), bowl, config);
  run(whole);
  MetaTrainer first(LstmModel(small_lstm()), bowl, config);
  for (int k = 0; k < 3; ++k) first.run_epoch();
  MetaTrainer second(LstmModel(small_lstm()), bowl, config);
  second.resume(first.state());
  CHECK(run(second).size() == 5);
  CHECK(second.state().phi == whole.state().phi);
  CHECK(second.state().best_phi == whole.state().best_phi);
  CHECK(second.state().best_validation == whole.state().best_validation);
}

TEST_CASE("five unrolls of 4 follow the same trajectory as one of 20") {
  // With a meta-rate too small to change a float, φ stays and only the carried state could differ.
  MetaTrainConfig config = short_training();
  config.learning_rate = 1e-30;
  config.epochs = 2;
  config.clip = 0;
  MetaTrainer five(LstmModel(small_lstm()), bowl, config);
  config.unroll = 20;
  MetaTrainer one(LstmModel(small_lstm()), bowl, config);
  const auto a = run(five), b = run(one);
  for (std::size_t k = 0; k < a.size(); ++k) {
    CHECK(a[k].meta_loss == b[k].meta_loss);
    CHECK(a[k].final_loss == b[k].final_loss);
  }
}

TEST_CASE("weights choose the losses that count") {
  // All weight on the first loss of an unroll, which no update can change: nothing to learn.
  MetaTrainConfig config = short_training();
  config.weights.assign(config.unroll + 1, 0);
  config.weights[0] = 1;
  MetaTrainer trainer(LstmModel(small_lstm()), bowl, config);
  for (const EpochReport& report : run(trainer)) CHECK(report.gradient_norm == 0);
  config.weights.back() = 1;
  MetaTrainer last(LstmModel(small_lstm()), bowl, config);
  CHECK(last.run_epoch().gradient_norm > 0);
  config.weights.pop_back();
  CHECK_THROWS_AS(MetaTrainer(LstmModel(small_lstm()), bowl, config), UsageError);
}

TEST_CASE("the meta-rate decays along a cosine") {
  MetaTrainConfig config = short_training();
  config.learning_rate = 0.1;
  config.final_rate = 0.1;
  MetaTrainer trainer(LstmModel(small_lstm()), bowl, config);
  const auto reports = run(trainer);
  CHECK(reports[0].learning_rate == Approx(0.1));
  CHECK(reports[4].learning_rate == Approx(0.055));  // half-way: the middle of 0.1 and 0.01
  CHECK(reports[7].learning_rate < 0.02);
}

TEST_CASE("training stops early when validation no longer improves") {
  MetaTrainConfig config = short_training();
  config.epochs = 100;
  config.validate_every = 1;
  config.patience = 2;
  config.learning_rate = 1e-30;  // nothing improves after the first validation
  MetaTrainer trainer(LstmModel(small_lstm()), bowl, config);
  CHECK(run(trainer).size() == 3);
}

TEST_CASE("an optimizer that learned to do nothing is complained about") {
  MetaTrainConfig config = short_training();
  config.learning_rate = 1e-30;
  LstmConfig idle = small_lstm();
  idle.output_scale = 0;
  MetaTrainer trainer(
      LstmModel(idle), [] { return std::make_unique<Bowl>(5); }, config);
  run(trainer);
  CHECK(trainer.complaint().find("learned to do nothing") != std::string::npos);
}

TEST_CASE("an optimizer that makes things worse is complained about") {
  MetaTrainConfig config = short_training();
  config.learning_rate = 1e-30;
  LstmConfig wild = small_lstm();
  wild.output_scale = 100;
  MetaTrainer trainer(
      LstmModel(wild), [] { return std::make_unique<Bowl>(5); }, config);
  run(trainer);
  CHECK(trainer.complaint().find("makes things worse") != std::string::npos);
}

TEST_CASE("a diverging run says where") {
  MetaTrainConfig config = short_training();
  LstmConfig wild = small_lstm();
  wild.output_scale = 1000;
  MetaTrainer trainer(
      LstmModel(wild), [] { return std::make_unique<Cliff>(); }, config);
  std::string message;
  try {
    run(trainer);
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(message.find("diverged in epoch 1") != std::string::npos);
  CHECK(message.find("step 1") != std::string::npos);
}

TEST_CASE("settings that make no sense are refused by name") {
  const auto refused = [](auto change, const char* name) {
    MetaTrainConfig config = short_training();
    change(config);
    try {
      MetaTrainer trainer(LstmModel(small_lstm()), bowl, config);
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
}
