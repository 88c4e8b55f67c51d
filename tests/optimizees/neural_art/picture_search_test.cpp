#include "optimizees/neural_art/picture_search.h"

#include <cmath>

#include "autodiff/gradcheck.h"
#include "tests/nn/reference.h"

namespace l2l::picture_search_test {

namespace {

Picture picture(Index height, Index width, double f) {
  Picture picture{height, width, std::vector<Real>(3 * height * width)};
  for (std::size_t k = 0; k < picture.pixels.size(); ++k) {
    picture.pixels[k] = static_cast<Real>(0.5 + 0.4 * std::sin(f * static_cast<double>(k + 1)));
  }
  return picture;
}

PictureSearch make_search(double init) {
  const FeatureNetwork network({{2}, {2}}, Pooling::max);
  std::vector<Real> weights(network.layout().size());
  Rng rng(1);
  network.init(rng, weights);
  StyleLoss loss(std::make_shared<const Features>(Features{network, weights}),
                 {1, 2, 3, 4, "relu2_1", {"relu1_1", "relu2_1"}, 1});
  loss.set_style(picture(5, 4, 1.1));
  return PictureSearch(loss, picture(4, 6, 0.7), init);
}

}  // namespace

TEST_CASE("PictureSearch: theta is a picture in quarters of the range around grey") {
  const std::vector<Real> theta = {0, 1, -2, 4, 2, 0};
  const Picture rgb = to_rgb(theta, 1, 2);
  CHECK(rgb.height == 1);
  CHECK(rgb.width == 2);
  CHECK(rgb.pixels == std::vector<Real>{0.5, 0.75, 0, 1.5, 1, 0.5});
  Tape tape;
  const Var x = to_rgb(tape.variable({6}, theta), 1, 2);
  CHECK(x.shape == Shape{1, 3, 1, 2});
  CHECK(std::vector<Real>(x.values().begin(), x.values().end()) == rgb.pixels);
}

TEST_CASE("PictureSearch: f is the total of the terms, times the number of pixels") {
  PictureSearch f = make_search(1);
  std::vector<Real> theta(f.layout().size());
  Rng rng(2);
  f.init(rng, theta);
  Tape tape;
  const Var x = tape.constant({72}, theta);
  const StyleLoss::Terms terms = f.terms(tape, x);
  const double total =
      terms.content.item() + 2 * terms.style.item() + 3 * terms.smoothness.item() + 4 * terms.range.item();
  CHECK(f.loss(tape, x).item() == testing::rounded(24 * total, 8));
  CHECK(f.functions() == 24);
}

TEST_CASE("PictureSearch: gradient check") {
  if (sizeof(Real) == 4) return;  // the differences of float reach over the kinks of rectifiers
  const Family searches([](Rng&, Split) { return std::make_unique<PictureSearch>(make_search(1)); });
  Rng rng(3);
  CHECK(gradcheck(searches, rng));
}

TEST_CASE("PictureSearch: it begins with Gaussian noise") {
  const PictureSearch f = make_search(0.2);
  REQUIRE(f.layout().find("picture").shape == Shape{3, 4, 6});
  std::vector<Real> theta(f.layout().size());
  Rng rng(4);
  double squares = 0;
  for (int k = 0; k < 100; ++k) {
    f.init(rng, theta);
    for (const Real value : theta) squares += value * value;
  }
  CHECK(std::sqrt(squares / (100 * 72)) ==
        testing::Near(0.2, 4 * 0.2 / std::sqrt(2 * 100 * 72)));  // four standard errors
}

TEST_CASE("PictureSearch begins with noise of the given deviation, or with an enlarged picture") {
  const Picture content = picture(8, 12, 0.7), start = picture(4, 6, 0.3);
  const PictureSearch noise = make_search(0.5);
  std::vector<Real> theta(noise.layout().size());
  Rng rng(2);
  noise.init(rng, theta);
  const double n = static_cast<double>(theta.size());
  CHECK(norm(theta) / std::sqrt(n) == testing::Near(0.5, 4 * 0.5 / std::sqrt(2 * n)));  // four standard errors
  StyleLoss loss(std::make_shared<const Features>(Features{FeatureNetwork({{2}}, Pooling::max), std::vector<Real>(56)}),
                 {1, 1, 1, 1, "relu1_1", {"relu1_1"}, 1});
  const PictureSearch search(loss, content, start);
  theta.resize(search.layout().size());
  search.init(rng, theta);
  const Picture begun = to_rgb(theta, 8, 12), enlarged = resize(start, 8, 12);
  testing::check_close(begun.pixels, testing::rounded(enlarged.pixels, 4));
}

}  // namespace l2l::picture_search_test
