#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "autodiff/kernels/winograd.h"
#include "tests/autodiff/naive_convolution.h"
#include "tests/autodiff/testing.h"
#include "tests/autodiff/winograd_errors.h"

namespace l2l::conv_test {

using namespace l2l::testing;

namespace {

struct Case {
  Index N, C, H, W, O, kh, kw, stride, padding;

  Shape x() const { return {N, C, H, W}; }
  Shape weight() const { return {O, C, kh, kw}; }
  Convolution extents() const { return {N, C, H, W, O, kh, kw, stride, padding, padding}; }
  Index out_h() const { return (H + 2 * padding - kh) / stride + 1; }
  Index out_w() const { return (W + 2 * padding - kw) / stride + 1; }
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.x() << " * " << c.weight() << ", stride " << c.stride << ", padding " << c.padding;
}

/// One named reason each.
const Case kSmall[] = {
    {2, 3, 5, 4, 2, 3, 3, 1, 1},  // the usual kind
    {1, 2, 4, 3, 3, 3, 2, 2, 1},  // a stride that leaves pixels over, a kernel that is not square
    {2, 1, 1, 1, 2, 1, 1, 1, 0},  // one pixel
    {1, 2, 1, 1, 1, 3, 3, 1, 1},  // one pixel, a kernel that sees it and its padding
    {2, 2, 3, 4, 2, 3, 4, 1, 0},  // kernel = image
    {1, 1, 3, 3, 1, 2, 2, 3, 0},  // stride > kernel
    {1, 1, 2, 2, 1, 1, 1, 1, 2},  // windows with nothing but padding
    {1, 2, 2, 2, 2, 5, 5, 2, 3},  // kernel > image
    {1, 1, 1, 5, 1, 1, 3, 2, 0},  // one row
    {1, 1, 5, 1, 1, 3, 1, 1, 0},  // one column
    {0, 2, 3, 3, 2, 2, 2, 1, 0},  // no image
    {2, 0, 3, 3, 2, 2, 2, 1, 0},  // no input channel: the bias is left
    {2, 2, 3, 3, 0, 2, 2, 1, 0},  // no output channel
};

/// What takes a path of its own through the fast kernels.
const Case kLarge[] = {
    {19, 16, 9, 7, 16, 3, 3, 1, 1},  // slabs of several images, of unequal number
    {9, 3, 32, 32, 17, 5, 5, 1, 2},  // a slab that does not fit in the cache at once; output channels left over
    {40, 5, 60, 70, 1, 2, 3, 1, 0},  // the same without padding
    {2, 12, 5, 6, 9, 1, 1, 1, 0},  // one tap
    {3, 32, 7, 9, 33, 3, 3, 1, 1},  // enough channels for transformed tiles; the last ones are cut off
    {1, 70, 6, 5, 32, 3, 3, 1, 0},  // the same without padding, more weights than are transformed at once
    {1, 32, 1, 2, 32, 3, 3, 1, 2},  // more padding than image
    {0, 32, 4, 4, 32, 3, 3, 1, 1},  // no image
    {1, 32, 4, 0, 32, 3, 3, 1, 2},  // images without a column
    {3, 48, 18, 44, 40, 3, 3, 1, 1},  // strips of tiles, of which one spans two images
    {11, 6, 9, 9, 5, 3, 3, 2, 1},  // slabs as columns
};

void check_against_naive(const Case& c, Random& random) {
  INFO(c);
  Tape tape;
  const auto x = uniform(random, c.x().size()), w = uniform(random, c.weight().size()), b = uniform(random, c.O);
  for (const auto conv : {plain_conv2d, conv2d}) {
    Var y = conv(tape.constant(c.x(), x), tape.constant(c.weight(), w), tape.constant({c.O}, b), c.stride, c.padding);
    CHECK(y.shape == Shape{c.N, c.O, c.out_h(), c.out_w()});
    check_close(y.values(), naive_results(c.extents(), w, b, x));
  }
}

}  // namespace

TEST_CASE("conv2d: equals its definition") {
  Random random(1);
  for (const Case& c : kSmall) check_against_naive(c, random);
  for (int k = 0; k < 40; ++k) {
    Case c{random_extent(random),         random_extent(random),         1 + random_extent(random) * 3,
           1 + random_extent(random) * 4, random_extent(random) * 4,     1 + random_extent(random),
           1 + random_extent(random),     1 + random_extent(random) / 2, random_extent(random)};
    c.padding = std::max({c.padding, (c.kh - c.H + 1) / 2, (c.kw - c.W + 1) / 2});
    check_against_naive(c, random);
  }
}

namespace {

/// What the fast kernels have to come near. Those of Winograd's algorithm have a bound of their own.
std::vector<Near> y_by_kernel(const Convolution& conv, const std::vector<Sum>& y, const std::vector<Real>& x,
                              const std::vector<Real>& w) {
  std::vector<Near> expected(y.begin(), y.end());
  if (!winograd::suits(conv)) return expected;
  const std::vector<double> errors = winograd_errors(conv, winograd::best_tile(conv), w, x);
  for (std::size_t k = 0; k < expected.size(); ++k) expected[k].bound += errors[k];
  return expected;
}
std::vector<Near> dx_by_kernel(const Convolution& conv, const std::vector<Sum>& dx, const std::vector<Real>& dy,
                               const std::vector<Real>& w) {
  std::vector<Near> expected(dx.begin(), dx.end());
  if (!winograd::suits(conv)) return expected;
  const std::vector<double> errors = winograd_gradient_errors(conv, winograd::best_tile(conv), w, dy);
  for (std::size_t k = 0; k < expected.size(); ++k) expected[k].bound += errors[k];
  return expected;
}

/// y and the gradients of x, weight and bias.
struct Results {
  std::vector<Real> y, x, weight, bias;
  bool operator==(const Results&) const = default;
};
Results run(const Case& c, const std::vector<Real>& x, const std::vector<Real>& w, const std::vector<Real>& b,
            const std::vector<Real>& dy, int threads, Var (*conv)(Var, Var, Var, Index, Index) = conv2d) {
  Tape tape;
  tape.set_threads(threads);
  const Var in[] = {tape.variable(c.x(), x), tape.variable(c.weight(), w), tape.variable({c.O}, b)};
  const Var y = conv(in[0], in[1], in[2], c.stride, c.padding);
  tape.backward(sum(y * tape.constant(y.shape, dy)));
  const auto copy = [](std::span<const Real> v) { return std::vector<Real>(v.begin(), v.end()); };
  return {copy(y.values()), copy(in[0].gradient()), copy(in[1].gradient()), copy(in[2].gradient())};
}

}  // namespace

TEST_CASE("conv2d: values and gradients by the definition, the same bytes for any number of threads") {
  Random random(3);
  for (const Case& c : kLarge) {
    INFO(c);
    const auto x = uniform(random, c.x().size()), w = uniform(random, c.weight().size()), b = uniform(random, c.O);
    const auto dy = uniform(random, c.N * c.O * c.out_h() * c.out_w());
    const Results one = run(c, x, w, b, dy, 1);
    const std::vector<Sum> y = naive_results(c.extents(), w, b, x);
    const NaiveGradients expected(c.extents(), x, w, dy);
    const Results plain = run(c, x, w, b, dy, 1, plain_conv2d);
    check_close(plain.y, y);
    check_close(plain.x, expected.x);
    check_close(one.y, y_by_kernel(c.extents(), y, x, w));
    check_close(one.x, dx_by_kernel(c.extents(), expected.x, dy, w));
    for (const Results& result : {plain, one}) {
      check_close(result.weight, expected.weight);
      check_close(result.bias, expected.bias);
    }
    CHECK(run(c, x, w, b, dy, 2) == one);
    CHECK(run(c, x, w, b, dy, 3) == one);
  }
}

TEST_CASE("conv2d: what was in the gradient stays, when another is added") {
  for (const Case& c : {kLarge[0], kLarge[4]}) {
    INFO(c);
    Random random(4);
    const auto x = uniform(random, c.x().size()), w = uniform(random, c.weight().size()), b = uniform(random, c.O);
    const auto before = uniform(random, c.x().size());
    const auto dy = uniform(random, c.N * c.O * c.out_h() * c.out_w());
    std::vector<Sum> expected = NaiveGradients(c.extents(), x, w, dy).x;
    std::vector<Real> once(before.size()), added = before;
    for (std::vector<Real>* dx : {&once, &added}) {
      Tape tape;
      const Var in = tape.leaf(c.x(), x.data(), dx->data());
      const Var y = conv2d(in, tape.constant(c.weight(), w), tape.constant({c.O}, b), c.stride, c.padding);
      tape.backward(sum(y * tape.constant(y.shape, dy)));
    }
    check_close(once, dx_by_kernel(c.extents(), expected, dy, w));
    for (std::size_t k = 0; k < before.size(); ++k) expected[k].add(before[k]);
    check_close(added, dx_by_kernel(c.extents(), expected, dy, w));
  }
}

TEST_CASE("conv2d: gradients") {
  for (const Case& c : kSmall) {
    INFO(c);
    for (const auto conv : {plain_conv2d, conv2d}) {
      check_gradient([&](Tape&, auto x) { return conv(x[0], x[1], x[2], c.stride, c.padding); },
                     {c.x(), c.weight(), Shape{c.O}});
    }
  }
}

// import torch, torch.nn.functional as F
// wave = lambda *s, a, b=.11: torch.sin(a*torch.arange(torch.Size(s).numel(), dtype=torch.float64)+b).reshape(s)
// x, w, b = (t.requires_grad_() for t in (wave(1,2,4,3,a=.37), wave(2,2,3,2,a=.7), wave(2,a=1.)))
// y = F.conv2d(x, w, b, stride=2, padding=1); (y*wave(*y.shape,a=.9)).sum().backward(); print(y, x.grad, w.grad,
// b.grad)
TEST_CASE("conv2d: PyTorch's numbers") {
  Tape tape;
  Var x = tape.variable({1, 2, 4, 3}, wave(24, .37)), w = tape.variable({2, 2, 3, 2}, wave(24, .7));
  Var b = tape.variable({2}, wave(2, 1));
  Var y = conv2d(x, w, b, 2, 1);
  tape.backward(sum(y * tape.constant(y.shape, wave(8, .9))));
  constexpr int kDigits = 9, kRoundings = 4 * 13;  // two rounded factors, product and addition for each of 13 terms
  CHECK(y.shape == Shape{1, 2, 2, 2});
  check_close(y.values(), printed(kDigits,
                                  {-0.933959421, 1.34228534, 3.1206885, 2.84746589, -0.192888763, -3.19391045,
                                   0.0277889782, 4.04152389},
                                  kRoundings));
  check_close(x.gradient(),
              printed(kDigits, {0.586875507,  1.30922944,    1.60137266,   0.768877181,   1.27632583,    0.405773223,
                                1.40398291,   0.2659593,     0.144086885,  -0.0569010377, -0.0455518428, -0.213766828,
                                -0.407090845, -1.453642,     -0.670860343, -1.05462156,   0.145993483,   1.10795112,
                                -0.426936109, -0.0501205996, 0.140084861,  1.27819531,    0.264406223,   0.264373207},
                      kRoundings));
  check_close(w.gradient(),
              printed(kDigits, {0.325489308,   1.18679141,   0.530182547,  1.35559842,    0.644920785,  0.328852745,
                                -0.0815465216, -0.512427172, -0.582609757, -0.0701484789, 0.0882311395, 1.21194484,
                                0.126451741,   -0.538868151, -0.405307861, -1.30401334,   -1.07296066,  -1.32951097,
                                -0.0316806094, 0.42235481,   1.06898627,   1.15692745,    0.365863552,  -0.408813651},
                      kRoundings));
  check_close(b.gradient(), printed(kDigits, {2.22517941, -2.10499674}, kRoundings));
}

TEST_CASE("conv2d: any input may be constant, and the others' gradients are the same") {
  const Case c = {2, 3, 5, 4, 2, 3, 3, 1, 1};
  Random random(2);
  const Shape shapes[] = {c.x(), c.weight(), Shape{c.O}};
  std::vector<Real> data[3];
  for (int k = 0; k < 3; ++k) data[k] = uniform(random, shapes[k].size());
  const auto gradients = [&](unsigned constant) {
    Tape tape;
    Var in[3];
    for (int k = 0; k < 3; ++k) {
      in[k] = constant >> k & 1 ? tape.constant(shapes[k], data[k]) : tape.variable(shapes[k], data[k]);
    }
    tape.backward(sum(square(conv2d(in[0], in[1], in[2], c.stride, c.padding))));
    std::vector<std::vector<Real>> result(3);
    for (int k = 0; k < 3; ++k) {
      if (in[k].grad) result[k].assign(in[k].gradient().begin(), in[k].gradient().end());
    }
    return result;
  };
  const auto all = gradients(0);
  for (unsigned constant = 1; constant < 7; ++constant) {
    const auto some = gradients(constant);
    for (int k = 0; k < 3; ++k) CHECK((constant >> k & 1 ? some[k].empty() : some[k] == all[k]));
  }
}

TEST_CASE("conv2d: the weight may be used twice, and the image be its own weight") {
  check_gradient(
      [](Tape& tape, auto x) {
        Var no_bias = tape.constant({2}, Real(0));
        return conv2d(conv2d(x[0], x[1], no_bias, 1, 1), x[1], no_bias);
      },
      {Shape{1, 2, 3, 4}, Shape{2, 2, 3, 3}});
  check_gradient([](Tape& tape, auto x) { return conv2d(x[0], x[0], tape.constant({2}, Real(0)), 1, 1); },
                 {Shape{2, 1, 3, 3}});
}

TEST_CASE("reflect_pad_conv_relu: gradients") {
  for (const Case& c : {Case{2, 3, 5, 4, 2, 3, 3, 1, 1},
                        {1, 2, 3, 3, 9, 5, 5, 1, 2},
                        {1, 1, 2, 2, 1, 2, 3, 1, 1},
                        {1, 2, 4, 5, 2, 3, 2, 1, 0},
                        {2, 1, 1, 1, 1, 1, 1, 1, 0},
                        {1, 32, 4, 3, 33, 3, 3, 1, 1},
                        {0, 2, 3, 3, 2, 2, 2, 1, 1},
                        {2, 0, 3, 3, 2, 2, 2, 1, 1},
                        {2, 2, 3, 3, 0, 2, 2, 1, 1}}) {
    INFO(c);
    if (!kDouble && c.C > 16) continue;  // of so many results, some change their sign within a step of float
    check_gradient([&](Tape&, auto x) { return reflect_pad_conv_relu(x[0], x[1], x[2], c.padding); },
                   {c.x(), c.weight(), Shape{c.O}});
  }
}

TEST_CASE("reflect_pad_conv_relu: values and gradients by the definition, the same bytes for any number of threads") {
  Random random(5);
  for (const Case& c : {Case{19, 16, 9, 7, 16, 3, 3, 1, 1},
                        {9, 3, 32, 32, 17, 5, 5, 1, 2},
                        {2, 12, 5, 6, 9, 1, 1, 1, 0},
                        {3, 48, 18, 44, 40, 3, 3, 1, 1},
                        {1, 70, 6, 5, 32, 3, 3, 1, 0},
                        {1, 32, 2, 2, 32, 3, 3, 1, 1}}) {
    INFO(c);
    Convolution conv = c.extents();
    conv.mirrored = true;
    const auto x = uniform(random, c.x().size()), w = uniform(random, c.weight().size()), b = uniform(random, c.O);
    const auto dy = uniform(random, conv.N * conv.result_size());
    const auto fused = [](Var x, Var weight, Var bias, Index, Index padding) {
      return reflect_pad_conv_relu(x, weight, bias, padding);
    };
    const Results one = run(c, x, w, b, dy, 1, fused);
    std::vector<Near> y = y_by_kernel(conv, naive_results(conv, w, b, x), x, w);
    for (Near& v : y) v.value = std::max(v.value, 0.L);
    check_close(one.y, y);
    const std::vector<Real> dy_before = rectified(one.y, dy);
    const NaiveGradients expected(conv, x, w, dy_before);
    check_close(one.x, dx_by_kernel(conv, expected.x, dy_before, w));
    check_close(one.weight, expected.weight);
    check_close(one.bias, expected.bias);
    CHECK(run(c, x, w, b, dy, 2, fused) == one);
    CHECK(run(c, x, w, b, dy, 3, fused) == one);
  }
}

namespace {

/// y and the gradients of x, weight and bias of Σ y² for one layer, fused or as three operations.
std::vector<std::vector<Real>> layer(bool fused, Index channels, const std::vector<Real>& pixels) {
  // Whole numbers, of which all sums are exact.
  const auto whole = [](Index n) {
    std::vector<Real> v(n);
    for (Index k = 0; k < n; ++k) v[k] = static_cast<Real>((k * 7 + 3) % 11 - 5);
    return v;
  };
  Tape tape;
  const Var x = tape.variable({2, channels, 4, 5}, pixels);
  const Var w = tape.variable({channels, channels, 3, 3}, whole(9 * channels * channels));
  const Var b = tape.variable({channels}, whole(channels));
  const Var y = fused ? reflect_pad_conv_relu(x, w, b, 1) : relu(plain_conv2d(reflect_pad2d(x, 1), w, b));
  tape.backward(sum(square(y)));
  std::vector<std::vector<Real>> result;
  for (const std::span<const Real> v : {y.values(), x.gradient(), w.gradient(), b.gradient()}) {
    result.emplace_back(v.begin(), v.end());
  }
  return result;
}

}  // namespace

TEST_CASE("reflect_pad_conv_relu: is the three operations one after the other, and passes NaN on") {
  for (const Index channels : {2, 32}) {
    CAPTURE(channels);
    std::vector<Real> pixels(2 * channels * 20);
    for (std::size_t k = 0; k < pixels.size(); ++k) pixels[k] = static_cast<Real>(k % 7) - 3;
    if (channels == 2) CHECK(layer(true, channels, pixels) == layer(false, channels, pixels));
    pixels[7] = NAN;
    const auto got = layer(true, channels, pixels), expected = layer(false, channels, pixels);
    for (std::size_t k = 0; k < got.size(); ++k) {
      CAPTURE(k);
      Index hidden = 0, nan = 0;  // a transformed tile may have more of them
      for (std::size_t i = 0; i < got[k].size(); ++i) {
        nan += std::isnan(expected[k][i]);
        hidden += std::isnan(expected[k][i]) && !std::isnan(got[k][i]);
      }
      CHECK(nan > 0);
      CHECK(hidden == 0);
    }
  }
}

TEST_CASE("reflect_pad_conv_relu: the gradient of the bias of a large picture") {
  const Index side = 600;
  Tape tape;
  const Var x = tape.constant({1, 1, side, side}, Real(1)), w = tape.constant({1, 1, 1, 1}, Real(1));
  const Var b = tape.variable({1}, std::vector<Real>{0}), y = reflect_pad_conv_relu(x, w, b, 0);
  const Real dy = static_cast<Real>(0.1);
  tape.backward(sum(y * tape.constant(y.shape, dy)));
  // In float it is rounded once; in double, where all partial sums have lanes, at worst once for each term.
  const double n = static_cast<double>(side * side);
  check_close(b.gradient(), {{n * static_cast<double>(dy), (kDouble ? n : 2) * kUnit<> * n * static_cast<double>(dy)}});
}

TEST_CASE("reflect_pad_conv_relu: errors name shapes") {
  Tape tape;
  const auto conv = [&](const Shape& x, const Shape& w, Index padding) {
    return reflect_pad_conv_relu(tape.constant(x, Real(1)), tape.constant(w, Real(1)), tape.constant({w[0]}, Real(1)),
                                 padding);
  };
  CHECK_THROWS_WITH(conv({1, 2, 4, 4}, {2, 3, 1, 1}, 0),
                    "reflect_pad_conv_relu: x [1x2x4x4] and weight [2x3x1x1] do not fit, [NxCxHxW] and [OxCxkhxkw] "
                    "would");
  CHECK_THROWS_WITH(conv({1, 2, 4, 1}, {2, 2, 3, 3}, 1),
                    "reflect_pad_conv_relu: x [1x2x4x1] has nothing to mirror 1 pixels further in");
  CHECK_THROWS_WITH(conv({1, 2, 4, 4}, {2, 2, 1, 2}, 1),
                    "reflect_pad_conv_relu: padding 1 is not less than the window of weight [2x2x1x2]");
}

TEST_CASE("conv2d: errors name shapes") {
  Tape tape;
  const auto conv = [&](const Shape& x, const Shape& w, const Shape& b, Index stride = 1, Index padding = 0) {
    return conv2d(tape.constant(x, Real(1)), tape.constant(w, Real(1)), tape.constant(b, Real(1)), stride, padding);
  };
  CHECK_THROWS_WITH(conv({2, 3, 4}, {2, 3, 1, 1}, {2}),
                    "conv2d: x [2x3x4] and weight [2x3x1x1] do not fit, [NxCxHxW] and [OxCxkhxkw] would");
  CHECK_THROWS_WITH(conv({1, 2, 4, 4}, {2, 3, 1, 1}, {2}),
                    "conv2d: x [1x2x4x4] and weight [2x3x1x1] do not fit, [NxCxHxW] and [OxCxkhxkw] would");
  CHECK_THROWS_WITH(conv({1, 3, 4, 4}, {2, 3, 1, 1}, {3}),
                    "conv2d: weight [2x3x1x1] and bias [3] do not fit, [OxCxkhxkw] and [O] would");
  CHECK_THROWS_WITH(conv({1, 1, 4, 4}, {1, 1, 1, 1}, {1}, 0), "conv2d: stride 0, it must be at least 1");
  CHECK_THROWS_WITH(conv({1, 1, 4, 4}, {1, 1, 1, 1}, {1}, 1, -1), "conv2d: padding -1, it must not be negative");
  CHECK_THROWS_WITH(conv({1, 1, 4, 4}, {1, 1, 5, 1}, {1}),
                    "conv2d: weight [1x1x5x1] does not fit in x [1x1x4x4] with padding 0");
  CHECK_THROWS_WITH(conv({1, 1, 4, 4}, {1, 1, 1, 7}, {1}, 1, 1),
                    "conv2d: weight [1x1x1x7] does not fit in x [1x1x4x4] with padding 1");
  CHECK_THROWS_WITH(conv({1, 1, 4, 4}, {1, 1, 0, 1}, {1}),
                    "conv2d: weight [1x1x0x1] does not fit in x [1x1x4x4] with padding 0");
}

}  // namespace l2l::conv_test
