#include "nn/perceptron.h"

#include <cmath>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "tests/nn/reference.h"

namespace l2l::perceptron_test {

using namespace l2l::testing;

TEST_CASE("a perceptron is elu(W x + b), layer after layer, for columns") {
  Layout layout;
  const Perceptron perceptron(layout, "m", 2, 3, 2);
  REQUIRE(layout.size() == (3 * 2 + 3) + (3 * 3 + 3));
  constexpr Index N = 4;
  const std::vector<Real> weights = ramp_parameters(layout), inputs = ramp(2 * N);
  Tape tape;
  const Var y = perceptron(tape.constant({layout.size()}, weights), tape.constant({2, N}, inputs));
  REQUIRE(y.shape == Shape{3, N});

  const auto layer = [&](const std::vector<double>& x, const std::string& suffix) {
    const Parameter &W = layout.find("m.weight" + suffix), &b = layout.find("m.bias" + suffix);
    const Index in = W.shape[1];
    std::vector<double> h(3 * N);
    for (Index r = 0; r < 3; ++r) {
      for (Index n = 0; n < N; ++n) {
        double sum = weights[b.offset + r];
        for (Index k = 0; k < in; ++k) sum += static_cast<double>(weights[W.offset + r * in + k]) * x[k * N + n];
        h[r * N + n] = sum > 0 ? sum : std::exp(sum) - 1;
      }
    }
    return h;
  };
  // Sums of 3 and 4 terms, an exponential of some roundings; the second layer adds up the errors of the first.
  const std::vector<double> expected = layer(layer({inputs.begin(), inputs.end()}, "_l0"), "_l1");
  check_close(y.values(), rounded(expected, 3 * (3 + 4) + 4 + 4));
}

TEST_CASE("the gradient of a perceptron agrees with differences") {
  for (const int layers : {0, 1, 2}) {
    CAPTURE(layers);
    Layout layout;
    const Perceptron perceptron(layout, "m", 2, 3, layers);
    CHECK(gradcheck([&](Tape&, auto x) { return perceptron(x[0], x[1]); }, {Shape{layout.size()}, Shape{2, 4}}));
  }
}

TEST_CASE("a perceptron without layers is the identity; sizes that make no sense are refused") {
  Layout layout;
  const Perceptron none(layout, "m", 2, 3, 0);
  CHECK(layout.size() == 0);
  CHECK(none.layers().empty());
  Tape tape;
  const Var x = tape.constant({2, 4}, ramp(8));
  const Var y = none(tape.constant({0}, std::vector<Real>{}), x);
  CHECK(std::vector<Real>(y.values().begin(), y.values().end()) == ramp(8));
  CHECK_THROWS_WITH(
      Perceptron(layout, "m", 0, 3, 1),
      "perceptron 'm': 0 inputs, 3 hidden units and 1 layers; inputs and units must be at least 1, layers "
      "not negative");
  CHECK_THROWS_AS(Perceptron(layout, "m", 2, 0, 1), Error);
  CHECK_THROWS_AS(Perceptron(layout, "m", 2, 3, -1), Error);
}

TEST_CASE("weights of a perceptron begin within 1/sqrt(inputs)") {
  Layout layout;
  const Perceptron perceptron(layout, "m", 4, 100, 2);
  std::vector<Real> weights(layout.size(), 9);
  Rng rng(1);
  perceptron.init(rng, weights);
  for (const Parameter& p : layout.parameters()) {
    CAPTURE(p.name);
    const double bound = p.name.ends_with("_l0") ? 0.5 : 0.1;
    const std::span<const Real> values = p.in(std::span<const Real>(weights));
    CHECK(std::ranges::max(values) <= bound);
    CHECK(std::ranges::min(values) >= -bound);
    // The largest of at least 100 uniform numbers is below 0.9 of the bound with a probability of 0.95^100 = 0.006.
    CHECK(std::ranges::max(values) > 0.9 * bound);
  }
}

}  // namespace l2l::perceptron_test
