#include "optim/grouped_optimizer.h"

#include <vector>

#include "autodiff/error.h"
#include "optim/rules.h"
#include "tests/catch.h"

namespace l2l::grouped_optimizer_test {

namespace {

Layout two_groups() {
  Layout layout;
  layout.add("a", {2}, "conv");
  layout.add("b", {1}, "fc");
  layout.add("c", {1}, "conv");
  return layout;
}

}  // namespace

TEST_CASE("each member moves its own parameters") {
  GroupedOptimizer optimizer({{"conv", Sgd(0.5)}, {"fc", Momentum(0.25, 0.5)}});
  optimizer.reset(two_groups());
  std::vector<Real> theta = {1, 1, 1, 1};
  const std::vector<Real> gradient = {1, 2, 4, -2};
  optimizer.step(gradient, theta);
  CHECK(theta == std::vector<Real>{0.5, 0, 0, 2});  // sgd: -g/2; momentum: v = 4, -v/4
  const auto other = optimizer.clone();
  std::vector<Real> copy = theta;
  optimizer.step(gradient, theta);
  CHECK(theta == std::vector<Real>{0, -1, -1.5, 3});  // momentum: v = 6
  other->step(gradient, copy);
  CHECK(copy == theta);
  other->step(gradient, copy);  // v = 7; the first one knows nothing of it
  CHECK(copy == std::vector<Real>{-0.5, -2, -3.25, 4});
  optimizer.step(gradient, theta);
  CHECK(copy == theta);
  // Forgets v.
  optimizer.reset(two_groups());
  theta = {1, 1, 1, 1};
  optimizer.step(gradient, theta);
  CHECK(theta == std::vector<Real>{0.5, 0, 0, 2});
}

TEST_CASE("a grouped optimizer says what it needs") {
  GroupedOptimizer optimizer({{"conv", Sgd(0.5)}, {"head", Sgd(0.5)}});
  std::vector<Real> theta(4), gradient(4);
  CHECK_THROWS_WITH(optimizer.step(gradient, theta), "grouped optimizer: stepped before it was reset");
  CHECK_THROWS_WITH(optimizer.reset(Layout::flat(4)),
                    "there is an optimizer for the group 'conv', the groups of theta are ''");
  CHECK_THROWS_WITH(optimizer.reset(two_groups()),
                    "there is an optimizer for the group 'head', the groups of theta are 'conv', 'fc'");
}

}  // namespace l2l::grouped_optimizer_test
