#include "nn/image_layers.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "tests/nn/reference.h"

namespace l2l::image_layers_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

// Numbers here are from PyTorch 1.13 in double; `ramp` is defined in reference.h:
//     def show(t): print(", ".join("%.10g" % v for v in t.detach().flatten()))
// Roundings are those of sums of up to 18 products of rounded factors, and of means, variances and roots of as many
// numbers. Statistics are summed in double: only two steps and the rounded numbers count.
constexpr int kDigits = 10, kRoundings = 40;

TEST_CASE("Conv2d equals PyTorch's with the padding that keeps the size") {
  // c = nn.Conv2d(2, 3, 3, padding=1); c.weight.data = ramp(3, 2, 3, 3); c.bias.data = ramp(3)
  // x = ramp(1, 2, 2, 3).requires_grad_(); y = c(x); (y * ramp(*y.shape)).sum().backward()
  // show(y); show(x.grad); show(c.weight.grad); show(c.bias.grad)
  Layout layout;
  const Conv2d conv(layout, "c", 2, 3, 3);
  CHECK(layout.find("c.weight").shape == Shape{3, 2, 3, 3});
  CHECK(layout.find("c.weight").group == "conv");
  Tape tape;
  const Var theta = tape.variable({layout.size()}, ramp_parameters(layout)), x = tape.variable({1, 2, 2, 3}, ramp(12));
  const Var y = conv(theta, x);
  REQUIRE(y.shape == Shape{1, 3, 2, 3});
  tape.backward(sum(y * tape.constant(y.shape, ramp(18))));
  check_close(y.values(), printed(kDigits,
                                  {4.284407915, -0.08310946506, -2.164147848, 2.642410574, 5.740195808, -1.029980792,
                                   1.681088597, -5.047353228, -1.765832828, 2.975147512, 0.740528981, -3.52234917,
                                   -1.564624325, -6.417680664, 0.1603128153, 1.850735398, -4.309343519, -3.380962578},
                                  kRoundings));
  check_close(x.gradient(), printed(kDigits,
                                    {1.479786583, -2.284490757, -1.092737493, 1.704460675, 0.5978606476, -2.055262128,
                                     -1.84906754, 1.470771316, 1.706805062, -1.206522564, -1.624609149, 1.751217836},
                                    kRoundings));
  check_close(theta.gradient(),
              printed(kDigits, {0.9706783201,  0.9339028075, -0.8655173628, -0.1811251897, 3.277387428,  -0.1811251897,
                                -0.8655173628, 0.9339028075, 0.9706783201,  -1.094880125,  0.1029311522, 0.7413155582,
                                -1.300848045,  -2.493587109, 1.475316353,   0.3836220603,  -1.840931633, -0.4032452702,
                                -0.4032452702, -1.840931633, 0.3836220603,  1.475316353,   -2.493587109, -1.300848045,
                                0.7413155582,  0.1029311522, -1.094880125,  0.9510857101,  0.8629196041, -0.8851099728,
                                -0.1959363308, 3.223727286,  -0.1959363308, -0.8851099728, 0.8629196041, 0.9510857101,
                                -0.3946298285, 1.695925658,  0.3175012407,  -1.926410404,  0.2847798163, 2.039427343,
                                -0.1934751183, -1.080943181, 0.5933922122,  -0.263775585,  -1.33563882,  0.5230917455,
                                1.580749227,   -2.111608235, -1.195415171,  0.8807852434,  0.6082239652, -0.9554104395,
                                0.4030348023,  0.5271616582, -1.156101733},
                      kRoundings));
}

TEST_CASE("BatchNorm equals PyTorch's, in training and in evaluation") {
  // b = nn.BatchNorm2d(2); b.weight.data = ramp(2); b.bias.data = ramp(2)
  // show(b(ramp(2, 2, 1, 3))); b(ramp(3, 2, 2, 2)); show(b.running_mean); show(b.running_var)
  // b.eval(); show(b(ramp(2, 2, 1, 3)))
  Layout layout;
  const BatchNorm norm(layout, "b", 2, "conv");
  Tape tape;
  const Var theta = tape.constant({layout.size()}, ramp_parameters(layout)), x = tape.constant({2, 2, 1, 3}, ramp(12));
  check_close(norm(theta, x).values(),
              printed(kDigits,
                      {2.246659373, 0.5397226825, -0.3776194786, -0.3985679027, -0.5037826196, 0.01416515595,
                       0.04347067824, 2.065314639, 1.432440968, 0.1045673237, -0.1762593621, -0.5733692074},
                      kRoundings));
  ChannelStatistics statistics(2);
  statistics.observe(x);
  statistics.observe(tape.constant({3, 2, 2, 2}, ramp(24)));
  check_close(statistics.mean, printed(10, {0.01154587953, 0.009894238921}, 4));
  check_close(statistics.variance, printed(10, {0.9210365493, 0.9234270281}, 4));
  check_close(norm(theta, x, statistics).values(),
              printed(kDigits,
                      {2.004416299, 0.7156853047, 0.02309530899, -0.3843064625, -0.4652466735, -0.06679668989,
                       0.3410168461, 1.867501684, 1.389684364, 0.002748434045, -0.2132876098, -0.5187786627},
                      kRoundings));
}

TEST_CASE("Statistics of a matrix are its columns'") {
  ChannelStatistics statistics(2);
  Tape tape;
  statistics.observe(tape.constant({3, 2}, std::vector<Real>{1, 10, 2, 20, 6, 60}), 1);
  check_close(statistics.mean, {3, 30});
  check_close(statistics.variance, rounded({7, 700}, 1));
}

TEST_CASE("A normalisation folded into its convolution: the same outputs") {
  Layout layout;
  const Conv2d conv(layout, "c", 2, 3, 3);
  const BatchNorm norm(layout, "n", 3, "conv");
  std::vector<Real> theta = ramp_parameters(layout);
  ChannelStatistics statistics(3);
  statistics.mean = {1, -1, 2};
  statistics.variance = {0.5, 2, 0};
  Tape tape;
  const Var x = tape.constant({2, 2, 4, 3}, ramp(48));
  const Var before =
      norm(tape.constant({layout.size()}, theta), conv(tape.constant({layout.size()}, theta), x), statistics);
  norm.fold(theta, statistics, layout.find("c.weight"), layout.find("c.bias"));
  const Var after = conv(tape.constant({layout.size()}, theta), x);
  // Without variance, outputs of up to 20 are multiplied by √1e5: sums of 18 products and three more roundings.
  check_close(after.values(),
              rounded({before.values().begin(), before.values().end()}, 2 * (18 + 3), 20 * std::sqrt(1e5)));
  const BatchNorm other(layout, "other", 2, "conv");
  CHECK_THROWS_WITH(other.fold(theta, statistics, layout.find("c.weight"), layout.find("c.bias")),
                    ContainsSubstring("[2] channels") && ContainsSubstring("[3x2x3x3]"));
}

TEST_CASE("Gradients of Conv2d and BatchNorm agree with differences") {
  Layout layout;
  const Conv2d conv(layout, "c", 2, 3, 3, Bias::no);
  const BatchNorm norm(layout, "n", 3, "conv");
  CHECK(gradcheck([&](Tape&, auto x) { return norm(x[0], conv(x[0], x[1])); },
                  {Shape{layout.size()}, Shape{2, 2, 3, 4}}));
  ChannelStatistics statistics(3);
  statistics.mean = {1, -1, 2};
  CHECK(gradcheck([&](Tape&, auto x) { return norm(x[0], conv(x[0], x[1]), statistics); },
                  {Shape{layout.size()}, Shape{2, 2, 3, 4}}));
}

TEST_CASE("Image layers name their parameters, and initialise all of them") {
  Layout layout;
  const Conv2d conv(layout, "conv.0", 4, 2, 5), plain(layout, "conv.1", 2, 2, 1, Bias::no, "other");
  const BatchNorm norm(layout, "norm", 2, "conv");
  std::vector<std::string> names;
  for (const Parameter& p : layout.parameters()) names.push_back(p.name + " " + p.group);
  CHECK(names == std::vector<std::string>{"conv.0.weight conv", "conv.0.bias conv", "conv.1.weight other",
                                          "norm.gain conv", "norm.bias conv"});
  std::vector<Real> theta(layout.size(), Real(9));
  Rng rng(0);
  conv.init(rng, theta);
  plain.init(rng, theta);
  norm.init(theta);
  CHECK(std::count(theta.begin(), theta.end(), Real(9)) == 0);
  Real largest = 0;
  for (Real v : layout.find("conv.0.weight").in(std::span(theta))) largest = std::max(largest, std::abs(v));
  CHECK(largest <= 0.1);  // 1/√(4 · 25)
  CHECK(largest > 0.09);
  for (Real v : layout.find("norm.gain").in(std::span(theta))) CHECK(v == 1);
  for (Real v : layout.find("norm.bias").in(std::span(theta))) CHECK(v == 0);
}

TEST_CASE("Image layers refuse what does not fit") {
  Layout layout;
  CHECK_THROWS_WITH(Conv2d(layout, "even", 1, 1, 4),
                    ContainsSubstring("'even'") && ContainsSubstring("4") && ContainsSubstring("odd"));
  const Conv2d conv(layout, "c", 2, 3, 3);
  Tape tape;
  CHECK_THROWS_AS(conv(tape.constant({layout.size()}, Real(0)), tape.constant({1, 3, 4, 4}, Real(0))), Error);
  ChannelStatistics statistics(2);
  CHECK_THROWS_WITH(statistics.observe(tape.constant({2, 3}, Real(0))),
                    ContainsSubstring("[2x3]") && ContainsSubstring("C = 2"));
  CHECK_THROWS_WITH(statistics.observe(tape.constant({1, 2}, Real(0))),
                    ContainsSubstring("[1x2]") && ContainsSubstring("needs 2"));
}

}  // namespace l2l::image_layers_test
