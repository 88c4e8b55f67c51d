#include "nn/random.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/tolerance.h"

namespace l2l::random_test {

using l2l::testing::Near;

// The generator in Python, written from its description:
//     M = 2**64 - 1
//     rotl = lambda x, k: (x << k | x >> (64 - k)) & M
//     def xoshiro(s):
//         result = rotl(s[1] * 5 & M, 7) * 9 & M
//         t = s[1] << 17 & M
//         s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 45)
//         return result
TEST_CASE("Rng is xoshiro256**") {
  // s = [1, 2, 3, 4]; print([xoshiro(s) for _ in range(6)])
  Rng rng(0);
  rng.set_state({1, 2, 3, 4});
  for (std::uint64_t expected :
       {11520ull, 0ull, 1509978240ull, 1215971899390074240ull, 1216172134540287360ull, 607988272756665600ull}) {
    CHECK(rng.next() == expected);
  }
}

TEST_CASE("Rng spreads seed and stream over its state with splitmix64") {
  // def splitmix(x):  # returns the next x and a word
  //     x = z = (x + 0x9e3779b97f4a7c15) & M
  //     z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & M; z = (z ^ z >> 27) * 0x94d049bb133111eb & M
  //     return x, z ^ z >> 31
  // x = splitmix(42)[1] ^ (7 * 0xd1342543de82ef95 + 1 & M); s = []
  // for _ in range(4): x, word = splitmix(x); s.append(word)
  // print(s, xoshiro(s))
  Rng rng(42, 7);
  CHECK(rng.state() ==
        Rng::State{3312990631751040179ull, 9448848058193801652ull, 14824331298995164247ull, 3104202090928063ull});
  CHECK(rng.next() == 7469797753120248959ull);
}

TEST_CASE("equal seeds give equal numbers, other seeds and streams give others") {
  Rng a(3, 1), b(3, 1), other_seed(4, 1), other_stream(3, 2), swapped(1, 3);
  int equal = 0;
  for (int k = 0; k < 1000; ++k) {
    const std::uint64_t x = a.next();
    REQUIRE(b.next() == x);
    equal += (other_seed.next() == x) + (other_stream.next() == x) + (swapped.next() == x);
  }
  CHECK(equal == 0);
}

TEST_CASE("neighbouring streams are not correlated") {
  const int n = 20000;
  Rng a(0, 0), b(0, 1);
  double sum = 0;
  for (int k = 0; k < n; ++k) sum += a.normal() * b.normal();
  CHECK(sum / n == Near(0, 4 / std::sqrt(n)));  // four standard errors
}

TEST_CASE("a saved state continues with the same numbers") {
  Rng a(5);
  a.normal();
  Rng b(0);
  b.set_state(a.state());
  for (int k = 0; k < 10; ++k) CHECK(a.normal() == b.normal());
}

namespace {
struct Moments {
  double mean = 0, variance = 0, skewness = 0, kurtosis = 0;
};
template <class F>
Moments moments(F draw, int n) {
  Moments m;
  std::vector<double> x(n);
  for (double& v : x) m.mean += (v = draw()) / n;
  for (double v : x) m.variance += (v - m.mean) * (v - m.mean) / n;
  for (double v : x) m.skewness += std::pow((v - m.mean) / std::sqrt(m.variance), 3) / n;
  for (double v : x) m.kurtosis += std::pow((v - m.mean) / std::sqrt(m.variance), 4) / n;
  return m;
}
}  // namespace

// Tolerances are five standard errors. For n draws from a symmetric distribution with the standardised moments α_k,
// that is α_4 = 3, α_6 = 15, α_8 = 105 for the Gaussian and 9/5, 27/7, 9 for the uniform one, the errors of mean,
// variance, skewness and kurtosis are 1, √(α_4 - 1), √6 (Gaussian) and √(α_8 - 4 α_4 α_6 + 4 α_4³ - α_4²), times
// √(1/n).
TEST_CASE("normal has the moments of a standard Gaussian") {
  Rng rng(1);
  const Moments m = moments([&] { return rng.normal(); }, 100000);
  const double five = 5 / std::sqrt(100000);
  CHECK(m.mean == Near(0, five));
  CHECK(m.variance == Near(1, five * std::sqrt(2)));
  CHECK(m.skewness == Near(0, five * std::sqrt(6)));
  CHECK(m.kurtosis == Near(3, five * std::sqrt(24)));
}

TEST_CASE("uniform stays in [0, 1) and has the moments of a uniform distribution") {
  Rng rng(2);
  bool inside = true;
  const auto draw = [&] {
    const double u = rng.uniform();
    inside = inside && u >= 0 && u < 1;
    return u;
  };
  const Moments m = moments(draw, 100000);
  CHECK(inside);
  const double five = 5 / std::sqrt(100000), variance = 1 / 12.0;
  CHECK(m.mean == Near(0.5, five * std::sqrt(variance)));
  CHECK(m.variance == Near(variance, five * variance * std::sqrt(0.8)));
  CHECK(m.kurtosis == Near(1.8, five * std::sqrt(1.317)));
}

TEST_CASE("below gives every number below n about equally often") {
  Rng rng(3);
  const int n = 10, draws = 100000;
  std::vector<int> count(n);
  for (int k = 0; k < draws; ++k) {
    const Index x = rng.below(n);
    REQUIRE((x >= 0 && x < n));
    ++count[x];
  }
  double chi2 = 0;
  for (int c : count) chi2 += std::pow(c - draws / n, 2) / (draws / n);
  CHECK(chi2 < 28);  // 9 degrees of freedom: 27.9 is exceeded once in a thousand
  CHECK(rng.below(1) == 0);
}

TEST_CASE("fill_normal and fill_uniform place and scale") {
  Rng rng(4);
  std::vector<Real> x(50000);
  std::size_t k = 0;
  rng.fill_normal(x, 3, 0.5);
  Moments m = moments([&] { return x[k++]; }, static_cast<int>(x.size()));
  const double five = 5 / std::sqrt(50000);
  CHECK(m.mean == Near(3, five * 0.5));
  CHECK(std::sqrt(m.variance) == Near(0.5, five * 0.5 / std::sqrt(2)));
  rng.fill_uniform(x, -2, 4);
  k = 0;
  m = moments([&] { return x[k++]; }, static_cast<int>(x.size()));
  CHECK(m.mean == Near(1, five * 6 / std::sqrt(12)));
  CHECK(*std::min_element(x.begin(), x.end()) >= -2);
  CHECK(*std::max_element(x.begin(), x.end()) <= 4);
}

}  // namespace l2l::random_test
