#include "autodiff/kernels/winograd.h"

#include <cmath>

#include "tests/autodiff/testing.h"
#include "tests/autodiff/winograd_errors.h"

namespace l2l::winograd_test {

using namespace l2l::testing;

namespace {

struct Case {
  const char* why;
  Convolution conv;
};
const Case kCases[] = {
    {"tiles that are cut off on both sides", {1, 3, 7, 9, 5, 3, 3, 1, 1, 1}},
    {"mirrors within one tile", {1, 2, 2, 3, 3, 3, 3, 1, 1, 1}},
    {"no padding, and as many results as fill the tiles", {2, 4, 10, 14, 8, 3, 3, 1, 0, 0}},
    {"no image", {0, 32, 4, 4, 32, 3, 3, 1, 1, 1}},
    {"one result", {1, 2, 3, 3, 1, 3, 3, 1, 0, 0}},
    {"more padding than image", {1, 2, 1, 2, 3, 3, 3, 1, 2, 2}},
    {"different padding", {1, 2, 6, 5, 3, 3, 3, 1, 0, 2}},
    {"teams of threads, of which the later ones begin inside of the image", {1, 2, 60, 40, 64, 3, 3, 1, 1, 1}},
    {"teams, of which some begin with an image", {40, 2, 8, 16, 64, 3, 3, 1, 1, 1}},
    {"the same forward", {1, 64, 60, 40, 2, 3, 3, 1, 1, 1}},
    {"strips of tiles, of which one spans two images", {3, 48, 18, 44, 9, 3, 3, 1, 1, 1}},
    {"several blocks of output channels, more weights than are transformed at once", {1, 130, 6, 5, 70, 3, 3, 1, 1, 1}},
};

/// `expected` with the errors that the algorithm may have.
std::vector<Near> with_errors(const std::vector<Sum>& sums, const std::vector<double>& errors) {
  std::vector<Near> expected(sums.begin(), sums.end());
  for (std::size_t k = 0; k < sums.size(); ++k) expected[k].bound += errors[k];
  return expected;
}

/// The case with zeros and, where that is possible, with mirrored edges; each with and without a rectifier.
std::vector<Convolution> kinds(const Convolution& conv) {
  std::vector<Convolution> result;
  for (const bool mirrored : {false, true}) {
    if (mirrored && (conv.pad_h > 1 || conv.pad_w > 1 || conv.H < 2 || conv.W < 2)) continue;
    for (const bool rectified : {false, true}) {
      result.push_back(conv);
      result.back().mirrored = mirrored, result.back().rectified = rectified;
    }
  }
  return result;
}

}  // namespace

TEST_CASE("winograd: both sizes of tiles, all kinds of edges, any number of threads") {
  Random random(1);
  for (const Case& c : kCases) {
    const auto x = uniform(random, c.conv.N * c.conv.image_size()), w = uniform(random, c.conv.O * c.conv.taps());
    const auto bias = uniform(random, c.conv.O), dy = uniform(random, c.conv.N * c.conv.result_size());
    const auto signs = uniform(random, dy.size()), before = uniform(random, x.size());
    for (const Convolution& conv : kinds(c.conv)) {
      const std::vector<Sum> results = naive_results(conv, w, bias, x);
      const std::vector<Real> dy_before = conv.rectified ? rectified(signs, dy) : dy;
      std::vector<Sum> gradients = NaiveGradients(conv, x, w, dy_before).x;
      for (std::size_t k = 0; k < before.size(); ++k) gradients[k].add(before[k]);
      for (const int m : {2, 4}) {
        CAPTURE(c.why, conv.mirrored, conv.rectified, m);
        std::vector<Near> expected_y = with_errors(results, winograd_errors(conv, m, w, x));
        for (Near& y : expected_y) {
          if (conv.rectified) y.value = std::max(y.value, 0.L);  // which brings numbers no further apart
        }
        const std::vector<Near> expected_dx = with_errors(gradients, winograd_gradient_errors(conv, m, w, dy_before));
        std::vector<Real> first_y, first_dx;
        for (const int threads : {1, 2, 3, 5}) {
          std::vector<Real> y(dy.size(), NAN), dx = before;
          std::vector<Real> scratch(winograd::forward_scratch(conv, m, threads), NAN);
          winograd::forward(conv, m, w.data(), bias.data(), x.data(), y.data(), threads, scratch.data());
          scratch.assign(winograd::image_gradient_scratch(conv, m, threads), NAN);
          winograd::image_gradient(conv, m, w.data(), signs.data(), dy.data(), dx.data(), threads, scratch.data());
          if (threads == 1) {
            check_close(y, expected_y);
            check_close(dx, expected_dx);
            first_y = y, first_dx = dx;
          }
          CHECK(y == first_y);
          CHECK(dx == first_dx);
        }
      }
    }
  }
}

TEST_CASE("winograd: large tiles where they need fewer multiplications") {
  const auto square = [](Index side) { return Convolution{1, 64, side, side, 64, 3, 3, 1, 1, 1}; };
  CHECK(winograd::best_tile(square(64)) == 4);  // 36 · 16² of 16 · 32²
  CHECK(winograd::best_tile(square(2)) == 2);  // a register of tiles in both
}

}  // namespace l2l::winograd_test
