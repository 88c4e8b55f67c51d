#include "nn/layers.h"

#include <algorithm>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "tests/nn/reference.h"

namespace l2l::layers_test {

using namespace l2l::testing;

// Numbers here are from PyTorch 1.13 in double; `ramp` is defined in reference.h:
//     def show(t): print(", ".join("%.10g" % v for v in t.detach().flatten()))
// Forward and backward through two layers: twice the sums of 4 and 5 products of rounded factors, and the four
// roundings of an activation.
constexpr int kDigits = 10, kRoundings = 2 * (9 * 2 + 4);

TEST_CASE("Linear equals PyTorch's") {
  // l = torch.nn.Linear(3, 2); l.weight.data = ramp(2, 3); l.bias.data = ramp(2)
  // x = ramp(4, 3).requires_grad_(); y = l(x); (y * ramp(4, 2)).sum().backward()
  // show(y); show(x.grad); show(l.weight.grad); show(l.bias.grad)
  Layout layout;
  const Linear linear(layout, "l", 3, 2);
  Tape tape;
  const Var theta = tape.variable({layout.size()}, ramp_parameters(layout)), x = tape.variable({4, 3}, ramp(12));
  const Var y = linear(theta, x);
  tape.backward(sum(y * tape.constant({4, 2}, ramp(8))));
  check_close(y.values(), printed(kDigits,
                                  {2.897497988, 0.6783617055, 1.925567618, 1.116013149, -0.2081794165, -0.1526099499,
                                   -0.8492668221, -1.549283984},
                                  kRoundings));
  check_close(x.gradient(),
              printed(kDigits,
                      {0.857132826, -0.4574573952, -0.7392510925, -0.6739498377, 0.6311268473, 0.5113153987,
                       0.4460141439, -0.7628871952, -0.2494265142, -0.1884614987, 0.8439890757, -0.02902519256},
                      kRoundings));
  check_close(theta.gradient(), printed(kDigits,
                                        {0.6266426525, -0.2145307467, -0.5713604413, -0.4026406103, -0.2694754823,
                                         0.4720814748, 0.2462001285, 0.3978593764},
                                        kRoundings));
}

TEST_CASE("Mlp equals PyTorch's Sequential") {
  // m = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Sigmoid(), torch.nn.Linear(4, 2))  # or Tanh, ReLU
  // for p in m.parameters(): p.data = ramp(*p.shape)
  // y = m(ramp(2, 3)); (y * ramp(2, 2)).sum().backward()
  // show(y); show(torch.cat([p.grad.flatten() for p in m.parameters()]))
  struct Case {
    Activation activation;
    std::vector<double> y, gradient;
  };
  const Case cases[] = {
      {Activation::sigmoid,
       {1.765231894, 0.1483379421, 1.535375068, -0.008030142685},
       {0.009562271578, -0.05629236195, 0.004943650239, -0.02654398713, -0.01195649118, 0.02962504325,  -0.01400461985,
        0.1119105654,   -0.01483350055, 0.04044628703,  -0.0169457686,  -0.03607954906, -0.01952890203, -0.03695366601,
        0.04457041375,  0.03725107964,  0.1318109874,   -0.03952486277, -0.1767750701,  -0.0824288281,  0.1890593037,
        0.2026710604,   0.1235318443,   0.1004855164,   0.06585012812,  0.2385722491}},
      {Activation::tanh,
       {2.294726654, -0.02467475682, 2.034471381, -0.2065985436},
       {-0.01173941856, -0.03648883045, 0.02114218838, -0.06705881372, -0.01812308781, 0.07172893388,  0.106040897,
        0.2495977878,   -0.1703594985,  0.05455182208, -0.03111185711, -0.04653463908, -0.03325217406, -0.0868088856,
        0.257007293,    0.04576789948,  0.09837199751, -0.1608393807,  -0.3373684255,  -0.2514378932,  0.2195544675,
        0.2474580723,   -0.08597225004, -0.1048429729, 0.06585012812,  0.2385722491}},
      {Activation::relu,
       {3.691662305, 1.583305513, 2.615995227, 0.5009304714},
       {0.5141613996,
        -0.6172083578,
        -0.3551136021,
        -0.1279167024,
        -0.06816745897,
        0.1454827059,
        0,
        0,
        0,
        0,
        0,
        0,
        0.2557981212,
        -0.1837980926,
        0,
        0,
        1.09062802,
        -0.360513927,
        0,
        0,
        0.2110188397,
        0.3780876992,
        0,
        0,
        0.06585012812,
        0.2385722491}}};
  for (const Case& c : cases) {
    Layout layout;
    const Mlp mlp(layout, "m", {3, 4, 2}, c.activation);
    Tape tape;
    const Var theta = tape.variable({layout.size()}, ramp_parameters(layout));
    const Var y = mlp(theta, tape.constant({2, 3}, ramp(6)));
    tape.backward(sum(y * tape.constant({2, 2}, ramp(4))));
    INFO("activation " << static_cast<int>(c.activation));
    check_close(y.values(), printed(kDigits, c.y, kRoundings));
    check_close(theta.gradient(), printed(kDigits, c.gradient, kRoundings));
  }
}

TEST_CASE("gradients of Linear and Mlp agree with differences") {
  Layout layout;
  const Linear linear(layout, "l", 3, 2);
  CHECK(gradcheck([&](Tape&, auto x) { return linear(x[0], x[1]); }, {Shape{layout.size()}, Shape{1, 3}}));
  for (Activation activation : {Activation::sigmoid, Activation::tanh}) {
    Layout layout;
    const Mlp mlp(layout, "m", {2, 3, 1, 2}, activation);
    CHECK(gradcheck([&](Tape&, auto x) { return mlp(x[0], x[1]); }, {Shape{layout.size()}, Shape{4, 2}}));
  }
}

TEST_CASE("layers name their parameters, and initialise all of them") {
  Layout layout;
  layout.add("before", {7});
  const Mlp mlp(layout, "net", {4, 3, 2}, Activation::relu, "dense");
  std::vector<std::string> names;
  for (const Parameter& p : layout.parameters()) names.push_back(p.name);
  CHECK(names == std::vector<std::string>{"before", "net.0.weight", "net.0.bias", "net.1.weight", "net.1.bias"});
  CHECK(layout.find("net.0.weight").shape == Shape{3, 4});
  CHECK(layout.find("net.1.bias").group == "dense");

  std::vector<Real> theta(layout.size(), Real(9));
  Rng rng(0);
  mlp.init(rng, theta);
  CHECK(std::count(theta.begin(), theta.end(), Real(9)) == 7);  // "before" is not a parameter of the network
  const auto largest = [&](const char* name) {
    Real result = 0;
    for (Real v : layout.find(name).in(std::span(theta))) result = std::max(result, std::abs(v));
    return result;
  };
  CHECK(largest("net.0.weight") <= 0.5);
  CHECK(largest("net.0.weight") > 0.3);
  CHECK(largest("net.0.bias") <= 0.5);
  CHECK(largest("net.1.weight") <= 0.57736);
}

TEST_CASE("layers refuse what does not fit") {
  Layout layout;
  const Linear linear(layout, "l", 3, 2);
  Tape tape;
  const Var theta = tape.constant({layout.size()}, Real(0));
  CHECK_THROWS_AS(linear(theta, tape.constant({4, 2}, Real(0))), Error);
  CHECK_THROWS_AS(linear(tape.constant({7}, Real(0)), tape.constant({4, 3}, Real(0))), Error);
  CHECK_THROWS_AS(Mlp(layout, "m", {3}, Activation::tanh), Error);
  CHECK(parse_activation("tanh") == Activation::tanh);
  CHECK_THROWS_AS(parse_activation("gelu"), UsageError);
}

}  // namespace l2l::layers_test
