#include "optim/learned/proposal.h"

#include <cmath>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "autodiff/ops.h"
#include "optim/learned/lstm_model.h"
#include "tests/tolerance.h"

namespace l2l::proposal_test {

using namespace l2l::testing;
using Kind = Proposal::Kind;

TEST_CASE("proposals at values computed by hand") {
  Tape tape;
  const std::vector<Real> o = {0, 1, -2, 0, 3, 0.5}, m = {0.5, -1, 2};
  const Var one = tape.constant({1, 3}, std::span(o).first(3)), two = tape.constant({2, 3}, o);
  const Var momentum = tape.constant({3}, m);
  const auto check = [](Var u, std::vector<double> expected) {
    REQUIRE(u.shape == Shape{3});
    for (std::size_t k = 0; k < 3; ++k) CHECK(u.values()[k] == rounded(expected[k], 30, 1));
  };
  check(Proposal{Kind::scaled, 0.1}(one, {}), {0, 0.1, -0.2});
  check(Proposal{Kind::squashed, 0.1}(one, {}), {0, 0.07615941559557649, -0.09640275800758169});
  // -0.02 e^{3 tanh(a/3)} m - 0.1 tanh(b) with a = 0, 1, -2 and b = 0, 3, 0.5
  check(Proposal{Kind::anchored, 0.1, 0.02}(two, momentum), {-0.01, 0.02 * 2.623575842415531 - 0.1 * 0.9950547536867305,
                                                             -0.04 * 0.17406110973647695 - 0.1 * 0.46211715726000973});
}

TEST_CASE("proposals: gradient check") {
  for (const Kind kind : {Kind::scaled, Kind::squashed, Kind::anchored}) {
    CAPTURE(name_of(kind));
    const Proposal proposal{kind, 0.3, 0.2};
    const auto f = [=](Tape&, auto x) { return proposal(x[0], x[1]); };
    REQUIRE(gradcheck(f, {Shape{proposal.outputs(), 5}, Shape{5}}));
  }
}

TEST_CASE("names of proposals; an anchored one needs a momentum") {
  for (const Kind kind : {Kind::scaled, Kind::squashed, Kind::anchored}) CHECK(parse_proposal(name_of(kind)) == kind);
  CHECK_THROWS_AS(parse_proposal("squash"), UsageError);
  CHECK_THROWS_AS(LstmModel({.proposal = Kind::anchored}), Error);
}

}  // namespace l2l::proposal_test
