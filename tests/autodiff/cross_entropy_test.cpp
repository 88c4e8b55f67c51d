#include <cmath>

#include "autodiff/error.h"
#include "tests/autodiff/testing.h"

namespace l2l::cross_entropy_test {

using namespace l2l::testing;

namespace {

struct Result {
  double loss;
  std::vector<Real> gradient;
};
Result evaluate(const Shape& shape, const std::vector<Real>& logits, const std::vector<int>& labels) {
  Tape tape;
  Var x = tape.variable(shape, logits);
  Var loss = softmax_cross_entropy(x, labels);
  tape.backward(loss);
  return {loss.item(), {x.gradient().begin(), x.gradient().end()}};
}

// exp, a sum of at most four, a quotient or a logarithm, and a mean; the reference's own in double.
constexpr int kRoundings = 16;

}  // namespace

TEST_CASE("cross_entropy: by hand") {
  // Equal logits: the loss is ln C, whatever the label.
  CHECK(evaluate({2, 4}, std::vector<Real>(8, 3), {0, 3}).loss == rounded(std::log(4.0), kRoundings));
  // -log(e / (e + e² + e³)) and -log(e³ / (e + e² + e³))
  const double z = std::exp(1) + std::exp(2) + std::exp(3);
  CHECK(evaluate({1, 3}, {1, 2, 3}, {0}).loss == rounded(2.40760596444438, kRoundings));
  CHECK(evaluate({2, 3}, {1, 2, 3, 1, 2, 3}, {0, 2}).loss == rounded(std::log(z) - 2, kRoundings, 2));
  // The gradient: (softmax - one-hot) / N
  check_close(evaluate({2, 3}, {1, 2, 3, 1, 2, 3}, {0, 2}).gradient,
              rounded({(std::exp(1) / z - 1) / 2, std::exp(2) / z / 2, std::exp(3) / z / 2, std::exp(1) / z / 2,
                       std::exp(2) / z / 2, (std::exp(3) / z - 1) / 2},
                      kRoundings));
  // One class only: nothing to be wrong about.
  CHECK(evaluate({2, 1}, {5, -7}, {0, 0}).loss == 0);
  check_close(evaluate({2, 1}, {5, -7}, {0, 0}).gradient, {0, 0});
}

TEST_CASE("cross_entropy: stable for logits of any size") {
  for (Real big : {Real(500), Real(1e4)}) {
    const Result right = evaluate({1, 3}, {big, -big, 0}, {0});
    CHECK(right.loss == 0);
    check_close(right.gradient, rounded({0, 0, 0}, kRoundings));
    const Result wrong = evaluate({1, 3}, {big, -big, 0}, {1});
    CHECK(wrong.loss == 2 * big);
    check_close(wrong.gradient, rounded({1, -1, 0}, kRoundings));
    const Result all_low = evaluate({1, 2}, {-big, -big}, {1});
    CHECK(all_low.loss == rounded(std::log(2.0), kRoundings));
    check_close(all_low.gradient, {0.5, -0.5});
  }
}

TEST_CASE("cross_entropy: gradients") {
  const std::vector<int> labels{2, 0, 1, 2, 2};
  for (Index n : {1, 2, 5}) {
    check_gradient([&](Tape&, auto x) { return softmax_cross_entropy(x[0], std::span(labels).first(n)); },
                   {Shape{n, 3}}, -3, 3);
  }
  const std::vector<int> zeros{0, 0};
  check_gradient([&](Tape&, auto x) { return softmax_cross_entropy(x[0], zeros); }, {Shape{2, 1}});
  check_gradient([&](Tape&, auto x) { return Real(2) * softmax_cross_entropy(square(x[0]), zeros); }, {Shape{2, 17}});
}

TEST_CASE("cross_entropy: the labels are copied") {
  Tape tape;
  Var x = tape.variable({1, 2}, std::vector<Real>{0, 0});
  std::vector<int> labels{0};
  Var loss = softmax_cross_entropy(x, labels);
  labels[0] = 1;
  tape.backward(loss);
  check_close(x.gradient(), {-0.5, 0.5});
}

TEST_CASE("cross_entropy: NaN is not hidden") {
  CHECK(std::isnan(evaluate({1, 3}, {0, NAN, 1}, {0}).loss));
  CHECK(std::isnan(evaluate({1, 3}, {0, NAN, 1}, {1}).loss));
}

TEST_CASE("cross_entropy: errors name shapes, label and row") {
  const std::vector<Real> logits(6);
  CHECK_THROWS_WITH(evaluate({2, 3}, logits, {0}),
                    "softmax_cross_entropy: logits [2x3] and 1 labels; [NxC] and N ≥ 1 would fit");
  CHECK_THROWS_WITH(evaluate({6}, logits, {0}),
                    "softmax_cross_entropy: logits [6] and 1 labels; [NxC] and N ≥ 1 would fit");
  CHECK_THROWS_WITH(evaluate({0, 3}, {}, {}),
                    "softmax_cross_entropy: logits [0x3] and 0 labels; [NxC] and N ≥ 1 would fit");
  CHECK_THROWS_WITH(evaluate({2, 3}, logits, {0, 3}), "softmax_cross_entropy: label 3 of row 1 is not in 0 to 2");
  CHECK_THROWS_WITH(evaluate({2, 3}, logits, {-1, 0}), "softmax_cross_entropy: label -1 of row 0 is not in 0 to 2");
}

}  // namespace l2l::cross_entropy_test
