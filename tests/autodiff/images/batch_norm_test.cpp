#include <cmath>

#include "autodiff/error.h"
#include "autodiff/images/ops.h"
#include "tests/autodiff/testing.h"

namespace l2l::batch_norm_test {

using namespace l2l::testing;

namespace {

const Shape kShapes[] = {
    {2, 3, 4, 3}, {3, 2, 1, 1}, {1, 2, 3, 5}, {5, 3}, {4, 1}, {3, 1, 1, 2}, {2, 0, 3, 3}, {2, 2, 1, 37},
};

struct Result {
  std::vector<Real> y, dx, dgain, dbias;
};
std::vector<Real> to_vector(std::span<const Real> x) { return {x.begin(), x.end()}; }

/// The value of an op, and the gradients of Σ_k wave_k y_k, as the PyTorch lines below compute them.
template <class Op>
Result evaluate(Op op, const Shape& shape, const std::vector<Real>& data) {
  Tape tape;
  Var x = tape.variable(shape, data);
  Var gain = tape.variable({2}, wave(2, 1, .5)), bias = tape.variable({2}, wave(2, 1));
  Var y = op(x, gain, bias);
  tape.backward(sum(y * tape.constant(shape, wave(x.size(), .9))));
  return {to_vector(y.values()), to_vector(x.gradient()), to_vector(gain.gradient()), to_vector(bias.gradient())};
}

// PyTorch's numbers have nine digits. A mean, a variance and a root of numbers that were rounded: 20 roundings, and as
// many on the way back.
constexpr int kDigits = 9, kRoundings = 40;

}  // namespace

TEST_CASE("batch_norm: gradients") {
  for (const Shape& shape : kShapes) {
    INFO(shape);
    const Shape channels{shape[1]};
    check_gradient([](Tape&, auto x) { return batch_norm(x[0], x[1], x[2]); }, {shape, channels, channels});
    check_gradient([](Tape&, auto x) { return batch_norm(x[0], x[1], x[2], 0.5); }, {shape, channels, channels});
    Random random(1);
    const auto mean = uniform(random, shape[1]), variance = uniform(random, shape[1], 0.1, 2);
    check_gradient([&](Tape&, auto x) { return batch_norm(x[0], x[1], x[2], mean, variance); },
                   {shape, channels, channels});
  }
}

TEST_CASE("batch_norm: any input may be constant") {
  Random random(2);
  const auto x0 = uniform(random, 12), g0 = uniform(random, 2), b0 = uniform(random, 2);
  const std::vector<Real> mean{1, 2}, variance{3, 4};
  const auto both = [&](Var x, Var gain, Var bias) {
    return batch_norm(x, gain, bias) + batch_norm(x, gain, bias, mean, variance);
  };
  const Shape shape{3, 2, 1, 2}, channels{2};
  check_gradient([&](Tape& t, auto x) { return both(x[0], t.constant(channels, g0), t.constant(channels, b0)); },
                 {shape});
  check_gradient([&](Tape& t, auto x) { return both(t.constant(shape, x0), x[0], t.constant(channels, b0)); },
                 {channels});
  check_gradient([&](Tape& t, auto x) { return both(t.constant(shape, x0), t.constant(channels, g0), x[0]); },
                 {channels});
}

// import torch, torch.nn.functional as F
// wave = lambda *s, a, b=.11: torch.sin(a*torch.arange(torch.Size(s).numel(), dtype=torch.float64)+b).reshape(s)
// x, g, b = (t.requires_grad_() for t in (wave(2,2,1,3,a=.37), wave(2,a=1.,b=.5), wave(2,a=1.)))
// y = F.batch_norm(x, None, None, g, b, training=True)
// (y*wave(*y.shape,a=.9)).sum().backward(); print(y, x.grad, g.grad, b.grad)
TEST_CASE("batch_norm: PyTorch's numbers") {
  const auto op = [](Var x, Var gain, Var bias) { return batch_norm(x, gain, bias); };
  const Result r = evaluate(op, {2, 2, 1, 3}, wave(12, .37));
  check_close(r.y, printed(kDigits,
                           {-0.458925869, 0.177096996, 0.700190587, 1.85126849, 1.92784722, 1.83375237, 0.653399625,
                            0.114941644, -0.528033177, 0.296016889, -0.114822726, -0.419870127},
                           kRoundings));
  check_close(r.dx, printed(kDigits,
                            {-0.737390669, 0.905552863, 1.3352791, 0.786107242, -0.28196482, -0.884050691, -1.65349361,
                             -0.426454233, 0.576506549, 1.12201983, 0.215263452, -0.957375008},
                            kRoundings));
  check_close(r.dgain, printed(kDigits, {-0.778894245, -1.3292213}, kRoundings));
  check_close(r.dbias, printed(kDigits, {2.18334146, -0.512991107}, kRoundings));
}

// x = wave(3,2,a=.37).requires_grad_(); y = F.batch_norm(x, None, None, g, b, training=True, eps=.1)
TEST_CASE("batch_norm: PyTorch's numbers for a matrix") {
  const auto op = [](Var x, Var gain, Var bias) { return batch_norm(x, gain, bias, 0.1); };
  const Result r = evaluate(op, {3, 2}, wave(6, .37));
  check_close(
      r.y, printed(kDigits, {-0.38919137, 0.0858927809, 0.237805408, 1.31853375, 0.480720864, 1.28266953}, kRoundings));
  check_close(r.dx, printed(kDigits, {-0.154902261, 1.38028593, 0.778338181, 1.02913222, -0.623435919, -2.40941815},
                            kRoundings));
  check_close(r.dgain, printed(kDigits, {-0.278914615, -0.935403163}, kRoundings));
  check_close(r.dbias, printed(kDigits, {0.514507724, 0.177618353}, kRoundings));
}

// y = F.batch_norm(x, torch.tensor([.25,-.5]).double(), torch.tensor([2.,.5]).double(), g, b, training=False)
TEST_CASE("batch_norm: PyTorch's numbers with a given mean and variance") {
  const std::vector<Real> mean{.25, -.5}, variance{2, .5};
  const auto op = [&](Var x, Var gain, Var bias) { return batch_norm(x, gain, bias, mean, variance); };
  const Result r = evaluate(op, {2, 2, 1, 3}, wave(12, .37));
  check_close(r.y, printed(kDigits,
                           {0.0622425556, 0.181572331, 0.279714465, 2.92577402, 3.01142383, 2.90618305, 0.270935606,
                            0.169910826, 0.0492767332, 1.18629637, 0.726791089, 0.385609548},
                           kRoundings));
  check_close(r.dx, printed(kDigits,
                            {0.0372153053, 0.287079554, 0.319687719, 0.459238393, -0.759343183, -1.40326898,
                             -0.236766796, 0.0428755771, 0.290070568, 1.3221974, 0.436746901, -0.779224948},
                            kRoundings));
  check_close(r.dgain, printed(kDigits, {0.123301395, -1.98105725}, kRoundings));
  check_close(r.dbias, printed(kDigits, {2.18334146, -0.512991107}, kRoundings));
}

TEST_CASE("batch_norm: one element, and elements that are all equal, give the bias") {
  const auto op = [](Var x, Var gain, Var bias) { return batch_norm(x, gain, bias); };
  for (const Shape& shape : {Shape{1, 2}, Shape{1, 2, 1, 1}, Shape{3, 2, 2, 2}}) {
    const Result r = evaluate(op, shape, std::vector<Real>(shape.size(), 7));
    const std::vector<Real> bias = wave(2, 1);
    const Index P = shape.rank() == 4 ? Index(shape[2]) * shape[3] : 1;
    for (std::size_t k = 0; k < r.y.size(); ++k) CHECK(r.y[k] == bias[static_cast<Index>(k) / P % 2]);
    for (Real g : r.dgain) CHECK(g == 0);  // x - mean is
    for (Real d : r.dx) CHECK(std::isfinite(d));
  }
}

TEST_CASE("batch_norm: a large mean costs no digits that the data has") {
  // 1024 ± 1 is exact in float: the variance is exactly 1. E[x²] - E[x]² would have lost it.
  std::vector<Real> x(2 * 2 * 100);
  for (std::size_t k = 0; k < x.size(); ++k) x[k] = static_cast<Real>(k % 2 ? 1025 : 1023);
  Tape tape;
  Var y = batch_norm(tape.constant({2, 2, 10, 10}, x), tape.constant({2}, Real(1)), tape.constant({2}, Real(0)), 0);
  for (Index k = 0; k < y.size(); ++k) CHECK(y.values()[k] == (k % 2 ? 1 : -1));
}

TEST_CASE("batch_norm: NaN is not hidden") {
  std::vector<Real> x(12, 1);
  x[5] = NAN;
  const auto op = [](Var x, Var gain, Var bias) { return batch_norm(x, gain, bias); };
  const Result r = evaluate(op, {2, 2, 1, 3}, x);
  for (std::size_t k = 0; k < 12; ++k) CHECK(std::isnan(r.y[k]) == (k / 3 % 2 == 1));  // all of channel 1
}

TEST_CASE("batch_norm: errors name shapes") {
  Tape tape;
  const auto norm = [&](const Shape& x, const Shape& gain, const Shape& bias) {
    return batch_norm(tape.constant(x, Real(1)), tape.constant(gain, Real(1)), tape.constant(bias, Real(1)));
  };
  const std::string fit = " do not fit; [NxCxHxW] or [NxC], [C] and [C] would";
  CHECK_THROWS_WITH(norm({2, 3, 4}, {3}, {3}), "batch_norm: x [2x3x4], gain [3] and bias [3]" + fit);
  CHECK_THROWS_WITH(norm({2, 3}, {2}, {3}), "batch_norm: x [2x3], gain [2] and bias [3]" + fit);
  CHECK_THROWS_WITH(norm({2, 3, 1, 1}, {3}, {1}), "batch_norm: x [2x3x1x1], gain [3] and bias [1]" + fit);
  CHECK_THROWS_WITH(norm({0, 3}, {3}, {3}), "batch_norm: x [0x3] has nothing to take a mean of");
  CHECK_THROWS_WITH(norm({2, 3, 0, 4}, {3}, {3}), "batch_norm: x [2x3x0x4] has nothing to take a mean of");
  const std::vector<Real> two(2), three(3);
  Var x = tape.constant({2, 3}, Real(1)), c = tape.constant({3}, Real(1));
  CHECK_THROWS_WITH(batch_norm(x, c, c, two, three),
                    "batch_norm: x [2x3] has 3 channels, there are 2 means and 3 variances");
}

}  // namespace l2l::batch_norm_test
