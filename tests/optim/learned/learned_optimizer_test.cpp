#include "optim/learned/learned_optimizer.h"

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "nn/files/safetensors.h"
#include "nn/parameters.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/learned/unroll.h"
#include "optim/meta/grouped_unroll.h"
#include "optim/meta/meta_train.h"
#include "optim/rules.h"
#include "optim/study/probe.h"
#include "tests/nn/temporary_folder.h"
#include "tests/optim/families.h"
#include "tests/optim/roundings.h"

namespace l2l::learned_optimizer_test {

using namespace l2l::testing;

namespace {

LearnedOptimizer random_optimizer(const OptimizerModel& model, std::uint64_t seed) {
  LearnedOptimizer learned{model, std::vector<Real>(model.layout().size())};
  Rng rng(seed);
  learned.model.init(rng, learned.phi);
  return learned;
}

const CoordinateModel kSmall({1, 3, {Preprocess::Kind::none, 1}, 0.5}), kOther({2, 4, {}, 0.2});

/// 5 parameters of "conv" in two pieces around 3 of "fc".
Layout two_groups() {
  Layout layout;
  layout.add("a", {2}, "conv");
  layout.add("b", {3}, "fc");
  layout.add("c", {3}, "conv");
  return layout;
}
constexpr Index kSize = 8;
const std::vector<Index> kConv = {0, 1, 5, 6, 7}, kFc = {2, 3, 4};

std::vector<Real> columns(std::span<const Real> x, const std::vector<Index>& which) {
  std::vector<Real> result;
  for (const Index k : which) result.push_back(x[k]);
  return result;
}

/// The φ of one part, by itself.
LearnedOptimizer part(const LearnedOptimizer& learned, std::size_t k) {
  const OptimizerModel::Part& part = learned.model.parts()[k];
  const auto weights = part.weights(std::span<const Real>(learned.phi));
  return {*part.model(), {weights.begin(), weights.end()}};
}

History random_gradients(int steps) {
  Rng rng(4);
  History gradients(steps, std::vector<Real>(kSize));
  for (auto& g : gradients) rng.fill_normal(g, 0, 1);
  return gradients;
}

/// θ at the end of an unroll, and ∂/∂φ of Σ_t ⟨∇_t, θ_t⟩.
struct Unrolled {
  std::vector<Real> theta, dphi;
};
Unrolled unroll(UnrollRecorder& recorder, const Layout& layout, const std::vector<Real>& phi,
                const History& gradients) {
  Unrolled result;
  result.dphi.resize(phi.size());
  recorder.reset(layout);
  Tape tape;
  recorder.open(tape.leaf({static_cast<Index>(phi.size())}, phi.data(), result.dphi.data()));
  Var theta = tape.constant({layout.size()}, Real(1)), loss = tape.constant({}, Real(0));
  for (const std::vector<Real>& gradient : gradients) {
    theta = recorder.step(theta, gradient);
    loss = loss + known_gradient(theta, 0, gradient);
  }
  tape.backward(loss);
  result.theta.assign(theta.values().begin(), theta.values().end());
  return result;
}

/// The same by another computation, of updates and gradients up to 6 steps.
std::vector<Near> recomputed(const std::vector<Real>& x) {
  return rounded(x, 2 * gradient_roundings(kOther.config(), 6));  // the larger of the two LSTMs
}

}  // namespace

TEST_CASE("two LSTMs at work are each of them alone on its group") {
  const LearnedOptimizer both = random_optimizer(OptimizerModel({{"fc", kOther}, {"conv", kSmall}}), 1);
  CHECK(both.model.layout().parameters().front().name == "fc.lstm.weight_ih_l0");
  const History gradients = random_gradients(6);
  const auto optimizer = make_optimizer(both);
  const History updates = replay(*optimizer, two_groups(), gradients);
  const std::vector<std::vector<Index>> owned = {kFc, kConv};
  for (std::size_t k = 0; k < 2; ++k) {
    CoordinateOptimizer alone(part(both, k));
    const History expected = replay(alone, select(two_groups(), owned[k]), select(gradients, owned[k]));
    CHECK(select(updates, owned[k]) == expected);
  }
  CHECK_THROWS_WITH(CoordinateOptimizer(both),
                    "this optimizer has a part for each of the groups fc, conv, only one for all of theta will do");
}

TEST_CASE("two LSTMs in training get the gradients that each of them would get alone") {
  // The losses are sums over coordinates, so neither part can tell whether the other is there.
  const LearnedOptimizer both = random_optimizer(OptimizerModel({{"fc", kOther}, {"conv", kSmall}}), 2);
  const History gradients = random_gradients(5);
  for (const bool fused : {false, true}) {
    const Unrolled together = unroll(*make_recorder(both.model, fused, 1), two_groups(), both.phi, gradients);
    const std::vector<std::vector<Index>> owned = {kFc, kConv};
    for (std::size_t k = 0; k < 2; ++k) {
      const LearnedOptimizer one = part(both, k);
      const Unrolled alone = unroll(*make_composed_recorder(one.model.single()), select(two_groups(), owned[k]),
                                    one.phi, select(gradients, owned[k]));
      check_close(columns(together.theta, owned[k]), recomputed(alone.theta));
      const auto dphi = both.model.parts()[k].weights(std::span<const Real>(together.dphi));
      check_close(std::vector<Real>(dphi.begin(), dphi.end()), recomputed(alone.dphi));
    }
  }
}

TEST_CASE("a rule beside an LSTM steps as it does alone, and leaves the LSTM's gradient as it is") {
  const LearnedOptimizer mixed =
      random_optimizer(OptimizerModel({{"conv", kSmall}, {"fc", FixedRule{"adam", 0.1}}}), 3);
  CHECK(mixed.phi.size() == static_cast<std::size_t>(kSmall.layout().size()));
  const History gradients = random_gradients(5);
  const Unrolled together = unroll(*make_recorder(mixed.model, true, 1), two_groups(), mixed.phi, gradients);
  const Unrolled alone =
      unroll(*make_composed_recorder(kSmall), select(two_groups(), kConv), mixed.phi, select(gradients, kConv));
  check_close(together.dphi, recomputed(alone.dphi));
  Adam adam(0.1);
  adam.reset(Layout::flat(3));
  std::vector<Real> theta(3, 1);
  for (const std::vector<Real>& gradient : gradients) adam.step(columns(gradient, kFc), theta);
  check_close(columns(together.theta, kFc), recomputed(theta));

  // The same when it runs.
  std::vector<Real> running(kSize, 1);
  const auto optimizer = make_optimizer(mixed);
  optimizer->reset(two_groups());
  for (const std::vector<Real>& gradient : gradients) optimizer->step(gradient, running);
  check_close(running, recomputed(together.theta));
}

TEST_CASE("models that make no sense are refused") {
  CHECK_THROWS_WITH(OptimizerModel({{"conv", kSmall}, {"conv", kSmall}}), "two optimizers for the group 'conv'");
  CHECK_THROWS_WITH(OptimizerModel({{"fc", FixedRule{"adam", 0.1}}}),
                    "a learned optimizer of rules alone: there is nothing to learn");
  CHECK_THROWS_AS(OptimizerModel({{"conv", kSmall}, {"fc", FixedRule{"adma", 0.1}}}), UsageError);
}

TEST_CASE("an optimizer of several parts outlives its process") {
  const TemporaryFolder folder;
  const auto path = folder.path / "optimizer.safetensors";
  const LearnedOptimizer learned =
      random_optimizer(OptimizerModel({{"conv", kSmall}, {"fc", kOther}, {"head", FixedRule{"nag", 0.01}}}), 4);
  learned.save(path);
  const LearnedOptimizer loaded = LearnedOptimizer::load(path);
  CHECK(loaded.phi == learned.phi);
  CHECK(loaded.model.groups() == std::vector<std::string>{"conv", "fc", "head"});
  CHECK(loaded.model.parts()[0].model()->config().hidden == 3);
  CHECK(loaded.model.parts()[1].model()->config().layers == 2);
  const FixedRule rule = std::get<FixedRule>(loaded.model.parts()[2].optimizer);
  CHECK(rule.name == "nag");
  CHECK(rule.learning_rate == 0.01);

  TensorFile wrong = read_safetensors(path);
  wrong.metadata["fc.hidden"] = "x";
  write_safetensors(path, wrong);
  CHECK_THROWS_WITH(LearnedOptimizer::load(path), Catch::Matchers::ContainsSubstring("'fc.hidden'"));
  wrong.metadata["fc.hidden"] = "4";
  wrong.metadata["groups"] = "conv,fc,tail";
  write_safetensors(path, wrong);
  CHECK_THROWS_WITH(LearnedOptimizer::load(path), Catch::Matchers::ContainsSubstring("'tail.layers'"));
}
TEST_CASE("a learned optimizer outlives its process") {
  const TemporaryFolder folder;
  const auto path = folder.path / "optimizer.safetensors";
  const CoordinateConfig config{3, 6, {Preprocess::Kind::rescale, 0.125}, 0.3};
  const LearnedOptimizer learned = random_optimizer(CoordinateModel(config), 5);
  learned.save(path);
  const LearnedOptimizer loaded = LearnedOptimizer::load(path);
  CHECK(loaded.phi == learned.phi);
  CHECK(loaded.model.single().config().layers == 3);
  CHECK(loaded.model.single().config().hidden == 6);
  CHECK(loaded.model.single().config().output_scale == 0.3);
  CHECK(loaded.model.single().config().preprocess.kind == Preprocess::Kind::rescale);
  CHECK(loaded.model.single().config().preprocess.parameter == 0.125);
  const History gradients = random_gradients(5);
  CHECK(replay(*make_optimizer(loaded), two_groups(), gradients) ==
        replay(*make_optimizer(learned), two_groups(), gradients));
}

TEST_CASE("a checkpoint keeps features and proposal; one that says nothing of a proposal is scaled") {
  const TemporaryFolder folder;
  const auto path = folder.path / "optimizer.safetensors";
  const History gradients = random_gradients(5);
  for (const CoordinateConfig& config :
       {CoordinateConfig{1, 4, {Preprocess::Kind::moments, 0.9}, 0.3, Proposal::Kind::squashed},
        CoordinateConfig{2, 3, {Preprocess::Kind::timescales, 0}, 0.3, Proposal::Kind::anchored, 0.02},
        CoordinateConfig{1, 3, {Preprocess::Kind::orthogonal, 0.3}, 0.3, Proposal::Kind::anchored, 0.02, 0.5, 1},
        CoordinateConfig{0, 3, {Preprocess::Kind::timescales, 0}, 0.3, Proposal::Kind::scaled, 0.01, 0, 2}}) {
    const LearnedOptimizer learned = random_optimizer(CoordinateModel(config), 5);
    learned.save(path);
    const LearnedOptimizer loaded = LearnedOptimizer::load(path);
    CHECK(loaded.model.single().config().preprocess.kind == config.preprocess.kind);
    CHECK(loaded.model.single().config().proposal == config.proposal);
    CHECK(loaded.model.single().config().rate == config.rate);
    CHECK(loaded.model.single().config().decay == config.decay);
    CHECK(loaded.model.single().config().layers == config.layers);
    CHECK(loaded.model.single().config().dense == config.dense);
    CHECK(replay(*make_optimizer(loaded), two_groups(), gradients) ==
          replay(*make_optimizer(learned), two_groups(), gradients));
  }
  TensorFile wrong = read_safetensors(path);
  wrong.metadata["proposal"] = "squash";
  write_safetensors(path, wrong);
  CHECK_THROWS_WITH(LearnedOptimizer::load(path), Catch::Matchers::ContainsSubstring("'squash'"));
  random_optimizer(CoordinateModel({1, 1, {}, 0.5}), 5).save(path);
  CHECK_FALSE(read_safetensors(path).metadata.contains("proposal"));
  CHECK(LearnedOptimizer::load(path).model.single().config().proposal == Proposal::Kind::scaled);
}

TEST_CASE("an optimizer that is given other weights keeps its state") {
  const OptimizerModel model({{"fc", kOther}, {"conv", kSmall}});
  const LearnedOptimizer a = random_optimizer(model, 1), b = random_optimizer(model, 2);
  const History gradients = random_gradients(4);
  const auto optimizer = make_optimizer(a);
  optimizer->reset(two_groups());
  std::vector<Real> theta(gradients[0].size(), 0);
  for (int t = 0; t < 3; ++t) optimizer->step(gradients[t], theta);
  const auto update = [&](const Optimizer& from, const LearnedOptimizer* weights) {
    const auto copy = from.clone();
    if (weights) set_weights(*copy, *weights);
    std::vector<Real> u(theta.size(), 0);
    copy->step(gradients[3], u);
    return u;
  };
  const std::vector<Real> kept = update(*optimizer, nullptr), other = update(*optimizer, &b);
  CHECK(update(*optimizer, &a) == kept);
  CHECK(other != kept);
  const auto fresh = make_optimizer(b);
  fresh->reset(two_groups());
  CHECK(update(*fresh, nullptr) != other);  // b's weights, but a state
}

TEST_CASE("a clone of an optimizer with memory goes on as the optimizer would") {
  const LearnedOptimizer learned = random_optimizer(
      CoordinateModel({1, 4, {Preprocess::Kind::moments, 0.9}, 0.3, Proposal::Kind::anchored, 0.02}), 6);
  const auto optimizer = make_optimizer(learned);
  const Layout layout = Layout::flat(70);
  optimizer->reset(layout);
  Rng rng(2);
  std::vector<Real> gradient(70), theta(70, 0), copy;
  for (int t = 0; t < 3; ++t) {
    rng.fill_normal(gradient, 0, 1);
    optimizer->step(gradient, theta);
  }
  const auto clone = optimizer->clone();
  copy = theta;
  for (int t = 0; t < 3; ++t) {
    rng.fill_normal(gradient, 0, 1);
    optimizer->step(gradient, theta);
    clone->step(gradient, copy);
    CHECK(copy == theta);
  }
}

TEST_CASE("a flipped bit of a trained optimizer is found wherever it is") {
  const TemporaryFolder folder;
  const auto path = folder.path / "optimizer.safetensors";
  random_optimizer(CoordinateModel({1, 1, {}, 0.5}), 5).save(path);
  std::string bytes = l2l::testing::read_bytes(path);
  int accepted = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const char whole = bytes[bit / 8];
    bytes[bit / 8] = static_cast<char>(whole ^ 1 << bit % 8);
    l2l::testing::write_bytes(path, bytes);
    bytes[bit / 8] = whole;
    try {
      LearnedOptimizer::load(path);
      ++accepted;
    } catch (const Error&) {
    }
  }
  CHECK(accepted == 0);
}

TEST_CASE("checkpoints that do not fit are refused, and named") {
  const TemporaryFolder folder;
  const auto path = folder.path / "bad.safetensors";
  const auto message = [&] {
    try {
      LearnedOptimizer::load(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const LearnedOptimizer learned = random_optimizer(CoordinateModel(CoordinateConfig{}), 6);
  TensorFile file;
  put_parameters(file, learned.model.layout(), learned.phi);

  write_safetensors(path, file);  // tensors, but nothing that says what they are
  CHECK(message().find("bad.safetensors: not a trained optimizer") != std::string::npos);

  learned.save(path);
  TensorFile wrong = read_safetensors(path);
  wrong.metadata["hidden"] = "21";
  write_safetensors(path, wrong);
  CHECK(message().find("bad.safetensors") != std::string::npos);
  CHECK(message().find("lstm.weight_ih_l0") != std::string::npos);

  for (const char* hidden : {"0", "-3", "twenty", "20x", "", "999999999"}) {
    wrong.metadata["hidden"] = hidden;
    write_safetensors(path, wrong);
    CHECK(message().find("'hidden'") != std::string::npos);
  }
  wrong.metadata["hidden"] = "20";
  wrong.metadata["preprocess"] = "sqrt";
  write_safetensors(path, wrong);
  CHECK(message().find("sqrt") != std::string::npos);

  struct Bad {
    const char *key, *value, *named;
  };
  for (const Bad& bad : std::vector<Bad>{{"preprocess_parameter", "-1", "p is -1"},
                                         {"preprocess_parameter", "0", "p is 0"},
                                         {"preprocess_parameter", "nan", "'preprocess_parameter'"},
                                         {"output_scale", "nan", "'output_scale'"},
                                         {"output_scale", "inf", "'output_scale'"},
                                         {"layers", "-1", "'layers'"},
                                         {"layers", "17", "'layers'"},
                                         {"layers", "x", "'layers'"}}) {
    CAPTURE(bad.key, bad.value);
    learned.save(path);
    wrong = read_safetensors(path);
    wrong.metadata[bad.key] = bad.value;
    write_safetensors(path, wrong);
    CHECK(message().find("bad.safetensors") != std::string::npos);
    CHECK(message().find(bad.named) != std::string::npos);
  }

  for (const Real weight : {Real(NAN), Real(INFINITY), -Real(INFINITY)}) {
    LearnedOptimizer broken = learned;
    broken.phi.back() = weight;
    broken.save(path);
    CHECK(message().find("bad.safetensors: has weights that are not finite, in 'output.bias'") != std::string::npos);
  }

  std::filesystem::remove(path);
  CHECK(message().find("bad.safetensors") != std::string::npos);
}

}  // namespace l2l::learned_optimizer_test
