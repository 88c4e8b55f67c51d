#include <array>
#include <cmath>
#include <map>
#include <set>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "nn/layers.h"
#include "optimizees/data/idx.h"
#include "optimizees/registry.h"
#include "tests/autodiff/allocations.h"
#include "tests/optimizees/idx_folder.h"
#include "tests/tolerance.h"

namespace l2l::mnist_test {

using l2l::testing::Near;
using l2l::testing::rounded;
using namespace l2l::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

Family make(const IdxFolder& folder, OptionValues values = {}) {
  values["data"] = folder.path.string();
  return make_optimizee(find_optimizee("mnist"), values);
}

/// f(θ) and ∇f(θ) for the batch that `f` has now.
double loss_of(Function& f, std::span<const Real> theta) { return Evaluation()(f, theta); }

}  // namespace

TEST_CASE("mnist: without hidden layers it is logistic regression") {
  IdxFolder folder;
  folder.write_set(30, 6, 2, 3);
  Rng rng(1);
  const Family family = make(folder, {{"depth", "0"}, {"batch", "5"}});
  CHECK(family.example()->layout().size() == 6 * 10 + 10);
  CHECK(gradcheck(family, rng));
}

TEST_CASE("mnist: gradient check for every activation") {
  IdxFolder folder;
  folder.write_set(30, 6, 2, 3);
  for (const char* activation : {"sigmoid", "tanh", "relu"}) {
    INFO(activation);
    Rng rng(1);
    const Family family =
        make(folder, {{"units", "4"}, {"depth", "2"}, {"batch", "5"}, {"activation", activation}, {"init", "1"}});
    const GradientCheck check = gradcheck(family, rng);
    INFO(check.worst);
    CHECK(check.ok());
  }
}

TEST_CASE("mnist: the loss is the cross-entropy of the network, written out by hand") {
  IdxFolder folder;
  folder.write_set(6, 1, 1, 2);  // one test image: every batch is that image again and again
  const int I = 2, H = 3, C = 10;
  Rng rng(2);
  const auto f = make(folder, {{"units", "3"}, {"batch", "4"}, {"init", "0.5"}})(rng, Split::test);
  REQUIRE(f->layout().size() == H * I + H + C * H + C);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  f->next_batch(rng);

  const Real *W1 = theta.data(), *b1 = W1 + H * I, *W2 = b1 + H, *b2 = W2 + C * H;
  const double x = 128.0 / 255;
  double hidden[H], z = 0, logit_0 = 0;
  for (int h = 0; h < H; ++h) {
    double a = b1[h];
    for (int i = 0; i < I; ++i) a += W1[h * I + i] * x;
    hidden[h] = 1 / (1 + std::exp(-a));
  }
  for (int c = 0; c < C; ++c) {
    double logit = b2[c];
    for (int h = 0; h < H; ++h) logit += W2[c * H + h] * hidden[h];
    z += std::exp(logit);
    if (c == 0) logit_0 = logit;  // image 0 has label 0
  }
  // Sums of 3 and 4 terms, sigmoid, exp, a sum of ten, log and a mean, of numbers of at most 3.
  CHECK(loss_of(*f, theta) == rounded(std::log(z) - logit_0, 40, 3));
}

TEST_CASE("mnist: no split yields an image of another") {
  // 36 training images, of which the last 6 are for validation; 5 test images. With batches of one image and a θ that
  // tells pixels and labels apart, an image is known by its loss.
  IdxFolder folder;
  folder.write_set(36, 5, 1, 1);
  const Family family = make(folder, {{"units", "1"}, {"batch", "1"}});
  std::vector<Real> theta(family.example()->layout().size());
  Rng(4).fill_normal(theta, 0, 1);
  const auto losses = [&](Split split) {
    std::set<double> seen;
    Rng rng(9);
    const auto f = family(rng, split);
    for (int k = 0; k < 1000; ++k) {
      f->next_batch(rng);
      seen.insert(loss_of(*f, theta));
    }
    return seen;
  };
  const std::set<double> train = losses(Split::train), validation = losses(Split::validation),
                         test = losses(Split::test);
  CHECK(train.size() == 30);
  CHECK(validation.size() == 6);
  CHECK(test.size() == 5);
  std::set<double> all = train;
  all.insert(validation.begin(), validation.end());
  all.insert(test.begin(), test.end());
  CHECK(all.size() == 41);

  // And validation has the last six: the loss of a training image does not change when those become other images.
  std::string images = IdxFolder::images(36, 1, 1);
  for (int n = 30; n < 36; ++n) images[16 + n] = static_cast<char>(170 + n);
  folder.write("train-images-idx3-ubyte", images);
  Rng rng(9);
  const auto g = make(folder, {{"units", "1"}, {"batch", "1"}})(rng, Split::train);
  for (int k = 0; k < 200; ++k) {
    g->next_batch(rng);
    CHECK(train.count(loss_of(*g, theta)) == 1);
  }
}

TEST_CASE("mnist: the seed decides the minibatches, and functions are independent") {
  IdxFolder folder;
  folder.write_set(60, 10);
  const Family family = make(folder, {{"units", "3"}, {"batch", "4"}});
  Rng rng_f(5), rng_g(5), rng_other(6);
  const auto f = family(rng_f, Split::train), g = family(rng_g, Split::train);
  std::vector<Real> theta(f->layout().size());
  Rng(1).fill_normal(theta, 0, 1);
  std::vector<double> first, second, other;
  for (int k = 0; k < 8; ++k) {
    f->next_batch(rng_f);
    g->next_batch(rng_g);
    first.push_back(loss_of(*f, theta));
    CHECK(loss_of(*f, theta) == first.back());  // the same batch until the next is drawn
    second.push_back(loss_of(*g, theta));
    f->next_batch(rng_other);
    other.push_back(loss_of(*f, theta));
  }
  CHECK(first == second);
  CHECK(first != other);
  CHECK(std::set<double>(first.begin(), first.end()).size() > 1);
}

TEST_CASE("mnist: the start is Gaussian with the deviation asked for, biases too") {
  IdxFolder folder;
  folder.write_set(6, 1, 28, 28);
  const auto f = make(folder, {{"init", "0.3"}}).example();
  CHECK(f->layout().size() == 784 * 20 + 20 + 20 * 10 + 10);
  Rng rng(1);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  double square = 0;
  for (const Real x : theta) square += double(x) * x / double(theta.size());
  CHECK(std::sqrt(square) == Near(0.3, 4 * 0.3 / std::sqrt(2 * theta.size())));  // four standard errors
  for (const Parameter& p : f->layout().parameters()) CHECK(p.in(std::span<const Real>(theta))[0] != 0);
}

TEST_CASE("mnist: no heap allocation once warm") {
  IdxFolder folder;
  folder.write_set(60, 10);
  const Family family = make(folder, {{"depth", "2"}});
  Rng rng(1);
  const std::array functions = {family(rng, Split::train), family(rng, Split::validation), family(rng, Split::test)};
  std::vector<Real> theta(functions[0]->layout().size());
  Evaluation evaluation;
  const auto steps = [&] {
    for (const auto& f : functions) {
      f->init(rng, theta);
      for (int k = 0; k < 3; ++k) {
        f->next_batch(rng);
        evaluation(*f, theta);
      }
    }
  };
  steps();
  const long before = allocations();
  steps();
  CHECK(allocations() == before);
}

TEST_CASE("mnist: a loss without a batch is an error") {
  IdxFolder folder;
  folder.write_set(6, 1);
  Rng rng(1);
  const auto f = make(folder)(rng, Split::test);
  const std::vector<Real> theta(f->layout().size());
  CHECK_THROWS_WITH(loss_of(*f, theta), ContainsSubstring("before next_batch"));
  f->next_batch(rng);
  loss_of(*f, theta);
}

TEST_CASE("mnist: sets that do not fit together are refused") {
  IdxFolder folder;
  folder.write_set(6, 2);
  folder.write("t10k-images-idx3-ubyte", IdxFolder::images(2, 3, 2));
  CHECK_THROWS_WITH(make(folder), ContainsSubstring("3x2") && ContainsSubstring("2x3"));
  folder.write_set(5, 2);
  CHECK_THROWS_WITH(make(folder), ContainsSubstring("at least 6"));
}

TEST_CASE("mnist: the packaged data set is read and split as the paper's") {
  const std::string folder = find_optimizee("mnist").options[0].default_value;
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: " << folder << " is not there (Debian's package dataset-fashion-mnist)");
    return;
  }
  const ImageSet train = read_idx(folder, DataPart::train);
  CHECK(train.count() == 60'000);
  CHECK(train.height == 28);
  CHECK(train.width == 28);
  std::map<int, int> classes;
  for (const std::uint8_t label : train.labels) ++classes[label];
  CHECK(classes == std::map<int, int>{{0, 6000},
                                      {1, 6000},
                                      {2, 6000},
                                      {3, 6000},
                                      {4, 6000},  //
                                      {5, 6000},
                                      {6, 6000},
                                      {7, 6000},
                                      {8, 6000},
                                      {9, 6000}});
  CHECK(int(train.labels[0]) == 9);  // an ankle boot comes first
  Rng rng(1);
  const auto f = make_optimizee(find_optimizee("mnist"))(rng, Split::test);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  f->next_batch(rng);
  // A logit's deviation is 0.1 √(1 + 20 / 4), the mean of ten labels' 0.08: five of them.
  CHECK(loss_of(*f, theta) == Near(std::log(10), 0.4));
}

}  // namespace l2l::mnist_test
