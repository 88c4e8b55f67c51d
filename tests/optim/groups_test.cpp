#include "optim/groups.h"

#include <vector>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "autodiff/ops.h"
#include "tests/catch.h"

namespace l2l::groups_test {

namespace {

/// conv in two pieces, with fc between them: elements 0-2 and 5-8, and 3-4.
Layout interleaved() {
  Layout layout;
  layout.add("a", {3}, "conv");
  layout.add("b", {2}, "fc");
  layout.add("c", {2, 1}, "conv");
  layout.add("d", {2}, "conv");
  return layout;
}

std::vector<Real> count_up(Index n) {
  std::vector<Real> x;
  for (Index k = 0; k < n; ++k) x.push_back(static_cast<Real>(k));
  return x;
}

}  // namespace

TEST_CASE("groups: every group gets its elements, and puts them back") {
  const Groups groups(interleaved(), {"fc", "conv"});
  REQUIRE(groups.count() == 2);
  CHECK(groups.size(0) == 2);
  CHECK(groups.size(1) == 7);
  const std::vector<Real> theta = count_up(9);
  std::vector<Real> back(9);
  const std::vector<Real> fc = groups.gather(0, theta), conv = groups.gather(1, theta);
  CHECK(fc == std::vector<Real>{3, 4});
  CHECK(conv == std::vector<Real>{0, 1, 2, 5, 6, 7, 8});
  groups.scatter(1, conv, back);
  groups.scatter(0, fc, back);
  CHECK(back == theta);
}

TEST_CASE("groups: the same on a tape") {
  const Groups groups(interleaved(), {"fc", "conv"});
  Tape tape;
  const Var theta = tape.variable({9}, count_up(9));
  const Var fc = groups.gather(0, theta), conv = groups.gather(1, theta);
  CHECK(fc.value == theta.value + 3);  // one piece is not copied
  const std::vector<Var> parts = {fc, conv};
  const Var merged = groups.merge(parts);
  CHECK(std::vector<Real>(merged.values().begin(), merged.values().end()) == count_up(9));

  // Cut, change differently, join: gradients find their way back.
  const auto check = gradcheck(
      [&](Tape&, std::span<const Var> x) {
        const std::vector<Var> changed = {square(groups.gather(0, x[0])), exp(groups.gather(1, x[0]))};
        return groups.merge(changed);
      },
      {Shape{9}});
  INFO(check.worst);
  CHECK(check.ok());
}

TEST_CASE("groups: a single group without a name is all of theta") {
  const Groups groups(interleaved(), {""});
  CHECK(groups.count() == 1);
  CHECK(groups.size(0) == 9);
  Tape tape;
  const Var theta = tape.variable({9}, count_up(9));
  const Var part = groups.gather(0, theta);
  CHECK(part.value == theta.value);
  CHECK(groups.merge(std::vector<Var>{part}).value == theta.value);
}

TEST_CASE("groups: no group is left without a name, and no name without a group") {
  CHECK_THROWS_WITH(Groups(interleaved(), {"conv"}),
                    "no optimizer is for the group 'fc' of theta, there are those for 'conv'");
  CHECK_THROWS_WITH(Groups(interleaved(), {"conv", "fc", "head"}),
                    "there is an optimizer for the group 'head', the groups of theta are 'conv', 'fc'");
  Layout plain;
  plain.add("theta", {4});
  CHECK_THROWS_WITH(Groups(plain, {"conv", "fc"}),
                    "there is an optimizer for the group 'conv', the groups of theta are ''");
}

}  // namespace l2l::groups_test
