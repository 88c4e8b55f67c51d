#include "optim/learned/fast/coordinate_optimizer.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/evaluate.h"
#include "optim/learned/models.h"
#include "optim/learned/unroll.h"
#include "tests/optim/families.h"
#include "tests/optim/roundings.h"

namespace l2l::coordinate_optimizer_test {

using namespace l2l::testing;

namespace {

LearnedOptimizer random_optimizer(const CoordinateConfig& config, std::uint64_t seed) {
  LearnedOptimizer learned{CoordinateModel(config), {}};
  Rng rng(seed);
  learned.phi.resize(learned.model.layout().size());
  learned.model.init(rng, learned.phi);
  return learned;
}

/// θ after a few steps on random gradients, the same ones every time.
std::vector<Real> follow(CoordinateOptimizer optimizer, Index n) {
  Rng rng(8);
  std::vector<Real> theta(n, 1), gradient(n);
  optimizer.reset(Layout::flat(n));
  for (int t = 0; t < 5; ++t) {
    rng.fill_normal(gradient, 0, 1e-2);
    optimizer.step(gradient, theta);
  }
  return theta;
}

}  // namespace

TEST_CASE("running the learned optimizer gives what recording it gives") {
  const LearnedOptimizer learned = random_optimizer({}, 1);
  Rng rng(2);
  constexpr Index n = 100;
  constexpr int T = 6;
  CoordinateOptimizer running(learned);
  running.reset(Layout::flat(n));
  std::vector<Real> theta(n, 1), gradient(n);
  const auto recorder = make_composed_recorder(learned.model.single());
  recorder->reset(Layout::flat(n));
  Tape tape;
  std::vector<Real> phi = learned.phi, dphi(phi.size());
  recorder->open(tape.leaf({static_cast<Index>(phi.size())}, phi.data(), dphi.data()));
  Var recorded = tape.constant({n}, theta);
  for (int t = 0; t < T; ++t) {
    rng.fill_normal(gradient, 0, 1e-3);
    running.step(gradient, theta);
    recorded = recorder->step(recorded, gradient);
    // Both round θ, which is about 1, once a step, and updates of at most a tenth of that.
    const double bound = 2 * T + 0.1 * roundings(2 * forward_roundings({}, T));
    for (Index k = 0; k < n; ++k) CHECK(theta[k] == Near(recorded.value[k], bound * kUnit<>));
  }
}

TEST_CASE("an output of zero weight leaves theta alone") {
  LearnedOptimizer learned = random_optimizer({}, 3);
  for (Real& w : learned.model.single().output_weight().in(std::span<Real>(learned.phi))) w = 0;
  CoordinateOptimizer optimizer(learned);
  optimizer.reset(Layout::flat(70));
  std::vector<Real> theta(70, 2), gradient(70, 5);
  for (int t = 0; t < 10; ++t) optimizer.step(gradient, theta);
  CHECK(theta == std::vector<Real>(70, 2));
}

TEST_CASE("coordinates do not see each other") {
  CoordinateOptimizer both(random_optimizer({}, 4)), alone(random_optimizer({}, 4));
  both.reset(Layout::flat(2));
  alone.reset(Layout::flat(1));
  std::vector<Real> theta2(2, 0), theta1(1, 0);
  for (int t = 0; t < 5; ++t) {
    const std::vector<Real> g2 = {Real(t), Real(-3)}, g1 = {Real(-3)};
    both.step(g2, theta2);
    alone.step(g1, theta1);
    CHECK(theta2[1] == theta1[0]);
  }
}

TEST_CASE("the learned optimizer gives the same bytes for any number of threads") {
  const LearnedOptimizer learned = random_optimizer({}, 9);
  const std::vector<Real> one = follow(CoordinateOptimizer(learned, 1), 1000);
  for (int threads : {2, 8}) CHECK(follow(CoordinateOptimizer(learned, threads), 1000) == one);
  // Also where it is itself in a parallel region.
  const Family bowl = bowls(300, 0.1);
  EvaluateOptions options{.functions = 3, .steps = 5};
  const Curves alone = evaluate([&] { return std::make_unique<CoordinateOptimizer>(learned); }, bowl, options);
  options.threads = 2;
  for (int threads : {1, 2, 8}) {
    const auto optimizer = [&] { return std::make_unique<CoordinateOptimizer>(learned, threads); };
    CHECK(evaluate(optimizer, bowl, options).losses == alone.losses);
  }
  CHECK_THROWS_AS(CoordinateOptimizer(learned, 0), UsageError);
}

TEST_CASE("a clone of the learned optimizer goes its own way") {
  const LearnedOptimizer learned = random_optimizer({}, 11);
  constexpr Index n = 100;  // two blocks and a part of one
  for (int threads : {1, 3}) {
    auto original = std::make_unique<CoordinateOptimizer>(learned, threads);
    CoordinateOptimizer undisturbed(learned);
    original->reset(Layout::flat(n));
    undisturbed.reset(Layout::flat(n));
    Rng rng(12);
    std::vector<Real> theta(n, 0), expected(n, 0), aside(n, 0), gradient(n);
    for (int t = 0; t < 6; ++t) {
      rng.fill_normal(gradient, 0, 1);
      const auto clone = original->clone();
      original->step(gradient, theta);
      undisturbed.step(gradient, expected);
      CHECK(theta == expected);
      for (Real& g : gradient) g = -g;
      clone->step(gradient, aside);  // another way, after the original has left
      CHECK(aside != theta);
    }
    // It outlives the original, and may be reset.
    const auto clone = original->clone();
    original.reset();
    clone->step(gradient, theta);
    undisturbed.step(gradient, expected);
    CHECK(theta == expected);
    clone->reset(Layout::flat(3));
    undisturbed.reset(Layout::flat(3));
    std::vector<Real> few(3, 0), same(3, 0);
    clone->step(std::vector<Real>{1, 2, 3}, few);
    undisturbed.step(std::vector<Real>{1, 2, 3}, same);
    CHECK(few == same);
  }
  CHECK_NOTHROW(CoordinateOptimizer(learned).clone());  // also before it is reset
}

TEST_CASE("moved to another theta, each coordinate goes on as the one that it continues") {
  for (const NamedModel& named : models()) {
    INFO(named.name);
    const LearnedOptimizer learned = random_optimizer(named.config, 13);
    constexpr Index n = 100, twice = 2 * n;
    std::vector<Index> from;
    for (Index k = 0; k < twice; ++k) from.push_back(n - 1 - k / 2);  // reversed, each of them twice
    const auto moved_gradient = [&](const std::vector<Real>& gradient) {
      std::vector<Real> moved;
      for (const Index k : from) moved.push_back(gradient[k]);
      return moved;
    };
    CoordinateOptimizer small(learned), large(learned, 2), anew(learned);
    small.reset(Layout::flat(n));
    large.reset(Layout::flat(n));
    anew.reset(Layout::flat(twice));
    Rng rng(14);
    std::vector<Real> theta(n, 0), wide(twice, 0), other(twice, 0), gradient(n);
    for (int t = 0; t < 5; ++t) {
      rng.fill_normal(gradient, 0, 1);
      std::vector<Real> same(theta);
      small.step(gradient, theta);
      large.step(gradient, same);
    }
    large.move_to(Layout::flat(twice), from, 5);
    for (std::size_t k = 0; k < wide.size(); ++k) wide[k] = theta[from[k]];
    for (int t = 0; t < 5; ++t) {
      rng.fill_normal(gradient, 0, 1);
      small.step(gradient, theta);
      large.step(moved_gradient(gradient), wide);
      anew.step(moved_gradient(gradient), other);
      // (The untrained output of an anchored one takes no notice of ρ, a sum over all coordinates.)
      for (std::size_t k = 0; k < wide.size(); ++k) CHECK(wide[k] == theta[from[k]]);
    }
    CHECK(std::abs(wide[0] - other[0]) > 1e-4);
    CoordinateOptimizer never(learned);
    CHECK_THROWS_AS(never.move_to(Layout::flat(twice), from, 5), Error);
    CHECK_THROWS_AS(large.move_to(Layout::flat(n), from, 5), Error);
    from.back() = twice;
    CHECK_THROWS_AS(large.move_to(Layout::flat(twice), from, 5), Error);
    Layout two;
    two.add("a", {n});
    two.add("b", {n});
    from.back() = 0;
    if (named.config.preprocess.parameter_rows() > 0) CHECK_THROWS_AS(large.move_to(two, from, 5), Error);
  }
}

TEST_CASE("moved with fewer steps, what depends on the number of steps is as it was then") {
  const LearnedOptimizer learned = random_optimizer(find_model("anchored").config, 13);
  std::vector<Index> from(50);
  std::iota(from.begin(), from.end(), 0);
  std::vector<Real> gradient(50);
  Rng rng(15);
  std::vector<std::vector<Real>> updates;
  for (const Index steps : {4, 8, 8}) {
    CoordinateOptimizer optimizer(learned);
    optimizer.reset(Layout::flat(50));
    Rng same(16);
    std::vector<Real> theta(50, 0);
    for (int t = 0; t < 8; ++t) {
      same.fill_normal(gradient, 0, 1);
      optimizer.step(gradient, theta);
    }
    if (updates.size() < 2) optimizer.move_to(Layout::flat(50), from, steps);
    updates.emplace_back(50);
    optimizer.step(gradient, updates.back());
  }
  CHECK(updates[1] == updates[2]);  // as if it had not been moved
  CHECK(updates[0] != updates[1]);
}

TEST_CASE("moved with fewer steps, moving averages stay without bias") {
  // Untrained, an anchored optimizer steps by -η m̂/s, for a constant gradient -η ∇/(|∇| + 1e-8), whatever the
  // number of gradients that it believes to have seen.
  for (const auto kind : {Preprocess::Kind::timescales, Preprocess::Kind::moments, Preprocess::Kind::orthogonal}) {
    CoordinateConfig config{1, 4, {kind, kind == Preprocess::Kind::moments ? 0.95 : 0.3}};
    config.proposal = Proposal::Kind::anchored;
    config.rate = 0.02;
    CoordinateOptimizer optimizer(random_optimizer(config, 17));
    optimizer.reset(Layout::flat(2));
    const std::vector<Real> gradient = {3, -0.5};
    const auto step = [&] {
      std::vector<Real> update(2, 0);
      optimizer.step(gradient, update);
      return update;
    };
    for (int t = 0; t < 100; ++t) step();
    for (const Index steps : {10, 1, 50}) {
      optimizer.move_to(Layout::flat(2), std::vector<Index>{0, 1}, steps);
      for (int t = 0; t < 3; ++t) {
        const std::vector<Real> update = step();
        // An average of up to 100 gradients has three roundings for each, and those are divided by 1 - β at most.
        CHECK(update[0] == rounded(-0.02 * 3 / (3 + 1e-8), 1000));
        CHECK(update[1] == rounded(0.02 * 0.5 / (0.5 + 1e-8), 1000));
      }
    }
  }
}

TEST_CASE("weights of another model are an error") {
  LearnedOptimizer learned = random_optimizer({}, 10);
  learned.phi.pop_back();
  CHECK_THROWS_AS(CoordinateOptimizer(learned), Error);
  learned.phi.resize(learned.phi.size() + 2);
  CHECK_THROWS_AS(CoordinateOptimizer(learned), Error);
}

TEST_CASE("stepping with the wrong number of coordinates is an error") {
  CoordinateOptimizer optimizer(random_optimizer({}, 7));
  optimizer.reset(Layout::flat(3));
  std::vector<Real> theta(3), gradient(2);
  CHECK_THROWS_AS(optimizer.step(gradient, theta), Error);
}

}  // namespace l2l::coordinate_optimizer_test
