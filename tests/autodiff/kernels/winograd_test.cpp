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
    {"no padding, and as many results as fill the tiles", {2, 4, 10, 14, 8, 3, 3, 1, 0, 0}},
    {"no image", {0, 32, 4, 4, 32, 3, 3, 1, 1, 1}},
    {"one result", {1, 2, 3, 3, 1, 3, 3, 1, 0, 0}},
    {"more padding than image", {1, 2, 1, 2, 3, 3, 3, 1, 2, 2}},
    {"different padding", {1, 2, 6, 5, 3, 3, 3, 1, 0, 2}},
    {"strips of tiles, of which one spans two images", {3, 48, 18, 44, 9, 3, 3, 1, 1, 1}},
    {"several blocks of output channels, more weights than are transformed at once", {1, 130, 6, 5, 70, 3, 3, 1, 1, 1}},
};

/// The definition.
std::vector<Sum> correlation(const Convolution& conv, const Weights& weights, const std::vector<Real>& x) {
  std::vector<Sum> y;
  for (Index n = 0; n < conv.N; ++n) {
    for (Index o = 0; o < conv.O; ++o) {
      for (Index k = 0; k < conv.out_h() * conv.out_w(); ++k) {
        Sum& sum = y.emplace_back();
        for (Index c = 0; c < conv.C; ++c) {
          for (Index tap = 0; tap < 9; ++tap) {
            const Index i = k / conv.out_w() + tap / 3 - conv.pad_h, j = k % conv.out_w() + tap % 3 - conv.pad_w;
            if (i < 0 || i >= conv.H || j < 0 || j >= conv.W) continue;
            sum.add(static_cast<Sum::Wide>(weights.at(o, c, tap)) * x[((n * conv.C + c) * conv.H + i) * conv.W + j]);
          }
        }
      }
    }
  }
  return y;
}

}  // namespace

TEST_CASE(
    "winograd: both sizes of tiles, weights turned or not, a bias or a sum to go on with, any number of threads") {
  Random random(1);
  for (const Case& c : kCases) {
    const Convolution& conv = c.conv;
    const auto x = uniform(random, conv.N * conv.image_size()), w = uniform(random, conv.O * conv.taps());
    const auto bias = uniform(random, conv.O), before = uniform(random, conv.N * conv.result_size());
    for (const bool turned : {false, true}) {
      // Of the turned weights, which are those of the transposed convolution, rows are input channels.
      const Weights weights(turned ? conv.transposed() : conv, w.data(), turned);
      const std::vector<Sum> sums = correlation(conv, weights, x);
      for (const int m : {2, 4}) {
        CAPTURE(c.why, turned, m);
        const std::vector<double> errors = winograd_errors(conv, m, weights, x);
        for (const bool biased : {false, true}) {
          std::vector<Near> expected;
          for (std::size_t k = 0; k < sums.size(); ++k) {
            Sum sum = sums[k];
            sum.add(biased ? bias[static_cast<Index>(k) / (conv.out_h() * conv.out_w()) % conv.O] : before[k]);
            expected.push_back({sum.value, static_cast<Near>(sum).bound + errors[k]});
          }
          std::vector<Real> first;
          for (const int threads : {1, 2, 3, 5}) {
            std::vector<Real> y = before, scratch(winograd::scratch_size(conv, m, threads), NAN);
            winograd::correlate(conv, m, weights, biased ? bias.data() : nullptr, x.data(), y.data(), threads,
                                scratch.data());
            if (threads == 1) check_close(y, expected), first = y;
            CHECK(y == first);
          }
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
