#include "optimizees/neural_art/style_loss.h"

#include <cmath>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "tests/nn/reference.h"

namespace l2l::style_loss_test {

using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// 1/2 + a sin(f (k + 1))
Picture picture(Index height, Index width, double a, double f) {
  Picture picture{height, width, std::vector<Real>(3 * height * width)};
  for (std::size_t k = 0; k < picture.pixels.size(); ++k) {
    picture.pixels[k] = static_cast<Real>(0.5 + a * std::sin(f * static_cast<double>(k + 1)));
  }
  return picture;
}

std::shared_ptr<const Features> features(bool random) {
  const FeatureNetwork network({{2, 3}, {2}}, Pooling::average);
  std::vector<Real> weights = ramp_parameters(network.layout());
  Rng rng(1);
  if (random) network.init(rng, weights);
  return std::make_shared<const Features>(Features{network, weights});
}

const StyleLossConfig kConfig = {5, 0.001, 50, 300, "relu1_2", {"relu1_1", "relu2_1"}, 2};

StyleLoss make_loss(bool random = false) {
  StyleLoss loss(features(random), kConfig);
  loss.set_content(picture(8, 9, 0.3, 0.9));
  loss.set_style(picture(10, 8, 0.4, 1.1));  // of another size
  return loss;
}

}  // namespace

// With net, ramp and the modules of features_test.cpp:
// x = 0.5 + 0.8 * ramp(1, 3, 8, 9, f=2.3); x.requires_grad_()       # ramp(f): sin(f (k + 1))
// c = 0.5 + 0.3 * ramp(1, 3, 8, 9, f=0.9); s = 0.5 + 0.4 * ramp(1, 3, 10, 8, f=1.1)
// def moments(f): f = f.flatten(2)[0]; m = f.mean(1); return m, f @ f.t() / f.shape[1] - torch.outer(m, m)
// def relative(a, b): return ((a - b) ** 2).sum() / (b ** 2).sum()
// content = style = 0
// for k in range(2):
//     a, ac, as_ = (net(F.avg_pool2d(p, 2) if k else p, F.avg_pool2d) for p in (x, c, s))
//     content += relative(a[1], ac[1]) / 2
//     for l in 0, 2:
//         for m, n in zip(moments(a[l]), moments(as_[l])): style += relative(m, n) / 8
// dx, dy = x[..., 1:] - x[..., :-1], x[:, :, 1:] - x[:, :, :-1]
// smooth = ((dx ** 2).sum() + (dy ** 2).sum()) / (dx.numel() + dy.numel())
// beyond = (F.relu(x - 1) ** 2 + F.relu(-x) ** 2).mean()
// total = 5 * content + 0.001 * style + 50 * smooth + 300 * beyond; total.backward()
// print([content.item(), style.item(), smooth.item(), beyond.item(), total.item()])
// print(x.grad.flatten()[[0, 1, 71, 72, 113, 215]].tolist())
TEST_CASE("StyleLoss and its gradient agree with PyTorch") {
  StyleLoss loss = make_loss();
  const Picture x = picture(8, 9, 0.8, 2.3);
  Tape tape;
  const Var picture = tape.variable({1, 3, 8, 9}, x.pixels);
  const StyleLoss::Terms terms = loss(tape, picture);
  // Sums of 27, 18 and 27 products, means and covariances of sums of up to 80, and back. A layer's Σ|terms| is seven
  // times its values, of which the terms are squares.
  const auto close = [](double expected) {
    return rounded(expected, 2 * (27 + 18 + 27 + 80), 14 * std::abs(expected));
  };
  CHECK(terms.content.item() == close(2.6687356140322036));
  CHECK(terms.style.item() == close(162.79744113600782));
  CHECK(terms.smoothness.item() == close(0.9426380522718423));
  CHECK(terms.range.item() == close(0.02689804050695268));
  CHECK(terms.total.item() == close(68.70779027697495));
  tape.backward(terms.total);
  const std::pair<int, double> gradient[] = {{0, 1.8902372709512312},    {1, -1.723967144189822},
                                             {71, 0.6371767184243263},   {72, -2.439381022700627},
                                             {113, -2.0961569200653116}, {215, 0.5653124852800374}};
  for (const auto& [k, expected] : gradient) CHECK(picture.gradient()[k] == close(expected));
}

TEST_CASE("StyleLoss: gradient check of each term, and of all") {
  if (sizeof(Real) == 4) return;  // in float the steps of the differences cross the kinks of ReLU
  StyleLoss loss = make_loss(true);
  const Picture x = picture(8, 9, 0.8, 2.3);
  for (Var StyleLoss::Terms::*term :
       {&StyleLoss::Terms::content, &StyleLoss::Terms::style, &StyleLoss::Terms::smoothness, &StyleLoss::Terms::range,
        &StyleLoss::Terms::total}) {
    const auto value = [&](Tape& tape, std::span<const Var> v) { return loss(tape, v[0]).*term; };
    CHECK(gradcheck(value, {Shape{1, 3, 8, 9}}, {x.pixels}));
  }
}

TEST_CASE("a picture's own content and style have loss 0, and a blank picture has no roughness") {
  StyleLoss loss(features(false), kConfig);
  const Picture x = picture(8, 9, 0.8, 2.3);
  loss.set_content(x);
  loss.set_style(x);
  Tape tape;
  const StyleLoss::Terms terms = loss(tape, tape.constant({1, 3, 8, 9}, x.pixels));
  CHECK(terms.content.item() == 0);
  CHECK(terms.style.item() == 0);
  CHECK(loss(tape, tape.constant({1, 3, 8, 9}, Real(0.3))).smoothness.item() == 0);
}

TEST_CASE("roughness is the mean over neighbours") {
  StyleLoss loss(features(false), {1, 1, 1, 1, "relu1_1", {}, 1});
  loss.set_content(picture(2, 2, 0.5, 1));
  Tape tape;
  // Each channel: 0 1 / 0 3; differences 1, 3 to the right, 0, 2 down. (1 + 9 + 0 + 4) / 4
  const std::vector<Real> x = {0, 1, 0, 3, 0, 1, 0, 3, 0, 1, 0, 3};
  const StyleLoss::Terms terms = loss(tape, tape.constant({1, 3, 2, 2}, x));
  CHECK(terms.smoothness.item() == 3.5);
  CHECK(terms.style.item() == 0);
}

TEST_CASE(
    "Several styles: what is to be matched is their weighted mean, so the loss is that of each but for a constant") {
  if (sizeof(Real) == 4) return;  // the constant cancels digits
  const Picture one = picture(10, 8, 0.4, 1.1), other = picture(8, 12, 0.2, 0.7), x = picture(8, 9, 0.8, 2.3),
                y = picture(8, 9, 0.5, 1.3);
  const StyleLossConfig config = {0, 1, 0, 0, "relu1_2", {"relu1_1"}, 1};
  const auto style_loss = [&](std::vector<WeightedPicture> styles, const Picture& at) {
    StyleLoss loss(features(false), config);
    loss.set_content(at);
    loss.set_styles(styles);
    Tape tape;
    return double(loss(tape, tape.constant({1, 3, 8, 9}, at.pixels)).style.item());
  };
  CHECK(style_loss({{one, 3}}, x) == style_loss({{one, 1}}, x));
  CHECK(style_loss({{one, 2}, {one, 1}}, x) == testing::rounded(style_loss({{one, 1}}, x), 100));
  // Order does not matter, and between two styles a picture of one is nearer to the one that weighs more.
  CHECK(style_loss({{one, 3}, {other, 1}}, y) == testing::rounded(style_loss({{other, 1}, {one, 3}}, y), 1000));
  const auto itself = [&](double weight) { return style_loss({{x, weight}, {other, 1 - weight}}, x); };
  CHECK(itself(0.9) < itself(0.5));
  CHECK(itself(0.5) < itself(0.1));
}

TEST_CASE("A style without texture has a covariance of rounding errors, which is no scale") {
  const auto style_loss = [](double shade) {
    StyleLoss loss = make_loss(true);
    loss.set_style({8, 8, std::vector<Real>(3 * 8 * 8, static_cast<Real>(shade))});
    Tape tape;
    return double(loss(tape, tape.constant({1, 3, 8, 9}, picture(8, 9, 0.3, 2.3).pixels)).style.item());
  };
  // Shades that hardly differ, but round differently.
  for (const double shade : {0.400001, 0.400002, 0.400003})
    CHECK(style_loss(shade) == Approx(style_loss(0.4)).epsilon(0.01));
}

TEST_CASE("StyleLoss: what does not fit is an Error") {
  CHECK_THROWS_WITH(StyleLoss(features(false), {1, 1, 1, 1, "relu4_2", {}}),
                    ContainsSubstring("no layer 'relu4_2'; there are relu1"));
  CHECK_THROWS_WITH(StyleLoss(features(false), {1, 1, 1, 1, "relu1_1", {"conv"}}),
                    ContainsSubstring("no layer 'conv'"));
  StyleLoss loss = make_loss();
  CHECK_THROWS_WITH(
      loss.set_style(picture(1, 30, 0.5, 1)),
      "a picture of 30x1 pixels is too small for the feature network at 2 scales, which needs 8 on each side");
}

}  // namespace l2l::style_loss_test
