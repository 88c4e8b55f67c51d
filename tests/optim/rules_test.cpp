#include "optim/rules.h"

#include <cmath>

#include "autodiff/error.h"
#include "nn/random.h"
#include "optim/orthogonalize.h"
#include "tests/nn/reference.h"

namespace l2l::rules_test {

using namespace l2l::testing;

namespace {

const std::vector<Real> kGradients[] = {{1, -2, 0}, {Real(0.5), 3, 0}, {-2, Real(0.25), Real(1e-3)}};

/// θ after each of three steps from (1, 2, 3), which round θ, at most 3, and eight times the update, at most 1.
void check_steps(Optimizer& optimizer, const std::vector<double> (&expected)[3]) {
  for (int round = 0; round < 2; ++round) {  // the second time proves that reset forgets
    std::vector<Real> theta = {1, 2, 3};
    optimizer.reset(Layout::flat(3));
    for (int t = 0; t < 3; ++t) {
      INFO("round " << round << ", step " << t + 1);
      optimizer.step(kGradients[t], theta);
      check_close(theta, printed(12, expected[t], 33, 1));
    }
  }
}

}  // namespace

// The numbers are PyTorch 1.13's, in double:
//     for make in (lambda p: torch.optim.SGD(p, 0.1), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
//                  lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
//                  lambda p: torch.optim.RMSprop(p, 0.1, alpha=0.99, eps=1e-8), lambda p: torch.optim.Adam(p, 0.1)):
//         x = torch.tensor([1., 2., 3.], requires_grad=True); o = make([x])
//         for g in [[1., -2., 0.], [0.5, 3., 0.], [-2., 0.25, 1e-3]]:
//             x.grad = torch.tensor(g); o.step(); print(x.detach())
// Torch7's of May 2016 are the same for SGD, NAG and RMSprop. It differs in two places:
// - momentum: its dampening defaults to μ, that is v ← μ v + (1-μ) g after the first step; ours, Polyak's and PyTorch's
//   v ← μ v + g is the same but for a factor of the learning rate, which is tuned.
// - ADAM: it adds ε to √v, not to √v̂ (the variant before section 2.1 of the paper). Ours is algorithm 1, as PyTorch's.
//   They are the same but for coordinates with gradients not far above ε = 1e-8.

TEST_CASE("sgd's first steps") {
  Sgd sgd(0.1);
  check_steps(sgd, {{0.9, 2.2, 3}, {0.85, 1.9, 3}, {1.05, 1.875, 2.9999}});
}

TEST_CASE("momentum's first steps") {
  Momentum momentum(0.1);
  check_steps(momentum, {{0.9, 2.2, 3}, {0.76, 2.08, 3}, {0.834, 1.947, 2.9999}});
}

TEST_CASE("nag's first steps") {
  Nag nag(0.1);
  check_steps(nag, {{0.81, 2.38, 3}, {0.634, 1.972, 3}, {0.9006, 1.8273, 2.99981}});
}

TEST_CASE("rmsprop's first steps") {
  RmsProp rmsprop(0.1);
  check_steps(rmsprop, {{9.999999039945e-08, 2.99999995, 3},
                        {-0.449013114744, 2.166666639815, 3},
                        {0.425726514007, 2.097041722972, 2.000099990001}});
}

TEST_CASE("adam's first steps") {
  Adam adam(0.1);
  check_steps(adam, {{0.900000001, 2.0999999995, 3},
                     {0.806782038298, 2.075229817984, 3},
                     {0.827417740862, 2.051706674329, 2.936119745945}});
}

TEST_CASE("adam's first step has the length of the learning rate, whatever the gradient's") {
  for (Real g : {Real(1e-4), Real(-3), Real(1e6)}) {
    Adam adam(0.01);
    adam.reset(Layout::flat(1));
    std::vector<Real> theta = {0};
    adam.step(std::vector<Real>{g}, theta);
    CHECK(theta[0] == rounded(-0.01 * g / (std::abs(g) + 1e-8), 16));  // powers, roots and quotients
  }
}

TEST_CASE("adam goes on from a saved state with the same steps") {
  Adam a(0.1), b(0.1);
  a.reset(Layout::flat(3));
  std::vector<Real> theta = {1, 2, 3};
  a.step(kGradients[0], theta);
  a.step(kGradients[1], theta);
  CHECK(a.state().steps == 2);
  b.set_state(a.state());
  std::vector<Real> other = theta;
  a.step(kGradients[2], theta);
  b.step(kGradients[2], other);
  CHECK(theta == other);
  a.set_learning_rate(0);
  a.step(kGradients[2], theta);
  CHECK(theta == other);
}

TEST_CASE("a clone goes on as its original would, and neither disturbs the other") {
  for (const Rule& rule : rules()) {
    INFO(rule.name);
    const auto original = rule.make(0.1), undisturbed = rule.make(0.1);
    std::vector<Real> theta = {1, 2, 3};
    original->reset(Layout::flat(3));
    undisturbed->reset(Layout::flat(3));
    original->step(kGradients[0], theta);
    std::vector<Real> expected = {1, 2, 3}, other = theta, aside = theta;
    for (const std::vector<Real>& gradient : kGradients) undisturbed->step(gradient, expected);
    const auto clone = original->clone();
    original->clone()->step(kGradients[2], aside);
    clone->step(kGradients[1], other);
    clone->step(kGradients[2], other);
    CHECK(other == expected);
    original->step(kGradients[1], theta);
    original->step(kGradients[2], theta);
    CHECK(theta == expected);
  }
}

TEST_CASE("momentum and nag reach a steady rate of η g / (1 - μ)") {
  for (const char* name : {"momentum", "nag"}) {
    const auto optimizer = find_rule(name).make(0.01);
    optimizer->reset(Layout::flat(1));
    std::vector<Real> theta = {0}, before;
    for (int t = 0; t < 300; ++t) {
      before = theta;
      optimizer->step(std::vector<Real>{2}, theta);
    }
    // What is left of the start, and a rounding of θ, which is 60 by then.
    CHECK(before[0] - theta[0] == Near(0.2, std::pow(0.9, 299) + 2 * kUnit<> * 60));
  }
}

TEST_CASE("a rule with a schedule takes the rule's steps, with rates that fall") {
  constexpr int T = 4;
  const auto [schedule, factors] = GENERATE(  // for t = 0 … 5
                                              // (1 + cos(π t / T)) / 2, then 0
      std::pair(Schedule::cosine, std::vector<double>{1, 0.8535533905932737, 0.5, 0.14644660940672627, 0, 0}),
      // 1 / √(1 + t), whatever the horizon
      std::pair(Schedule::sqrt, std::vector<double>{1, 0.7071067811865476, 0.5773502691896258, 0.5, 0.4472135954999579,
                                                    0.4082482904638631}));
  CHECK(parse_schedule(name_of(schedule)) == schedule);
  for (const Rule& rule : rules()) {
    const Rule decayed = with_schedule(rule, schedule, T);
    CHECK(decayed.name == rule.name + "-" + std::string(name_of(schedule)));
    const auto constant = rule.make(0.1);
    auto optimizer = decayed.make(0.1);
    constant->reset(Layout::flat(3));
    optimizer->reset(Layout::flat(3));
    std::vector<Real> theta(3, 0), ahead;
    for (std::size_t t = 0; t < factors.size(); ++t) {
      CAPTURE(rule.name, t);
      std::vector<Real> update(3, 0), before = theta;
      constant->step(kGradients[t % 3], update);
      optimizer->step(kGradients[t % 3], theta);
      if (t > 2) CHECK(theta == ahead);  // a clone took the same step
      for (Index k = 0; k < 3; ++k) CHECK(theta[k] == rounded(before[k] + factors[t] * update[k], 8, 2));
      if (t >= 2) {
        ahead = theta;
        optimizer->clone()->step(kGradients[(t + 1) % 3], ahead);
      }
    }
    std::vector<Real> start(3, 0), first = start;
    optimizer->reset(Layout::flat(3));
    constant->reset(Layout::flat(3));
    optimizer->step(kGradients[0], start);
    constant->step(kGradients[0], first);
    CHECK(start == first);
  }
}

TEST_CASE("every rule refuses sizes other than it was reset for") {
  for (const Rule& rule : rules()) {
    INFO(rule.name);
    const auto optimizer = rule.make(0.1);
    optimizer->reset(Layout::flat(3));
    std::vector<Real> theta(3), longer(4);
    CHECK_THROWS_AS(optimizer->step(longer, theta), Error);
    CHECK_THROWS_AS(optimizer->step(theta, longer), Error);
    CHECK_NOTHROW(optimizer->step(theta, theta));
    optimizer->reset(Layout::flat(0));
    CHECK_NOTHROW(optimizer->step({}, {}));
  }
}

TEST_CASE("muon takes a linear map along its orthogonalised momentum, and leaves the rest to adam") {
  Layout layout;
  layout.add("bias", {2});
  const Parameter map = layout.add("map", {2, 3}, "", Parameter::Kind::linear_map);
  layout.add("table", {2, 2});
  const Index n = layout.size();
  Rng rng(6);
  const double growth = GENERATE(0.0, 0.3);
  Muon muon(0.1, growth);
  Adam adam(0.1, 0.9, 0.99);
  for (int round = 0; round < 2; ++round) {  // the second time proves that reset forgets
    muon.reset(layout);
    adam.reset(layout);
    std::vector<Real> theta(n, 1), others(n, 1), m(6, 0), scratch, g(n);
    double bias_m = 0, bias_v = 0, forgotten = 1;  // of the first coordinate
    for (int t = 0; t < 4; ++t) {
      rng.fill_normal(g, 0, 1);
      std::vector<Real> expected = theta, direction(6);
      const auto of_map = [&](std::vector<Real>& x) { return map.in(std::span(x)); };
      const Real beta = static_cast<Real>(1 - 0.1 * std::pow(1000.0 / (t + 1), growth));
      for (int k = 0; k < 6; ++k) {
        m[k] = beta * m[k] + (1 - beta) * of_map(g)[k];
        direction[k] = beta * m[k] + (1 - beta) * of_map(g)[k];
      }
      forgotten *= beta;
      bias_m = beta * bias_m + (1 - beta) * g[0];
      bias_v = 0.99 * bias_v + 0.01 * g[0] * g[0];
      const double size = std::sqrt(bias_v / (1 - std::pow(0.99, t + 1))) + 1e-8;
      const double by_hand = expected[0] - 0.1 * bias_m / (1 - forgotten) / size;
      orthogonalize(direction.data(), 2, 3, scratch);
      adam.step(g, others);
      muon.step(g, theta);
      CHECK(theta[0] == rounded(by_hand, 20.0 * (t + 1), 1));
      for (Index k = 0; k < n; ++k) {
        const bool inside = k >= map.offset && k < map.offset + 6;
        // Some roundings of the momentum, which the iteration makes 4^5 times larger, and those of the update.
        if (inside) CHECK(theta[k] == rounded(expected[k] - 0.1 * direction[k - map.offset], 4000, 1));
        if (!inside && growth == 0) CHECK(theta[k] == rounded(others[k], 20.0 * (t + 1), 1));
      }
    }
  }
}

TEST_CASE("a rule is found by name") {
  std::vector<std::string> names;
  for (const Rule& rule : rules()) names.push_back(rule.name);
  CHECK(names == std::vector<std::string>{"sgd", "momentum", "nag", "rmsprop", "adam", "muon", "muon-growing"});
  CHECK(find_rule("nag").name == "nag");
  std::string says;
  try {
    find_rule("adagrad");
  } catch (const UsageError& error) {
    says = error.what();
  }
  CHECK(says == "optimizer 'adagrad' is unknown; there are sgd, momentum, nag, rmsprop, adam, muon, muon-growing");
}

}  // namespace l2l::rules_test
