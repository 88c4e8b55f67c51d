#include "optim/learned/proposal.h"

#include <cmath>
#include <vector>

#include "autodiff/error.h"
#include "autodiff/gradcheck.h"
#include "autodiff/ops.h"
#include "optim/learned/coordinate_model.h"
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
  check(Proposal{Kind::scaled, 0.1}(one, {}, {}), {0, 0.1, -0.2});
  check(Proposal{Kind::squashed, 0.1}(one, {}, {}), {0, 0.07615941559557649, -0.09640275800758169});
  // -0.02 e^{3 tanh(a/3)} m - 0.1 tanh(b) with a = 0, 1, -2 and b = 0, 3, 0.5
  check(Proposal{Kind::anchored, 0.1, 0.02}(two, momentum, {}),
        {-0.01, 0.02 * 2.623575842415531 - 0.1 * 0.9950547536867305,
         -0.04 * 0.17406110973647695 - 0.1 * 0.46211715726000973});
}

TEST_CASE("an anchored proposal with a decay takes the rate η / (1+t)^p") {
  Tape tape;
  const std::vector<Real> o(2, 0), direction = {1};
  for (const double t : {0, 3, 99}) {
    const std::vector<Real> clock = {static_cast<Real>(std::log10(1 + t) / 3)};
    const Var u = Proposal{Kind::anchored, 0.1, 0.02, 0.5}(tape.constant({2, 1}, o), tape.constant({1}, direction),
                                                           tape.constant({1}, clock));
    CHECK(u.values()[0] == rounded(-0.02 / std::sqrt(1 + t), 30, 0.02));
  }
}

TEST_CASE("proposals: gradient check") {
  for (const Proposal& proposal : {Proposal{Kind::scaled, 0.3}, Proposal{Kind::squashed, 0.3},
                                   Proposal{Kind::anchored, 0.3, 0.2}, Proposal{Kind::anchored, 0.3, 0.2, 0.7}}) {
    CAPTURE(name_of(proposal.kind), proposal.decay);
    const auto f = [=](Tape&, auto x) { return proposal(x[0], x[1], x[2]); };
    REQUIRE(gradcheck(f, {Shape{proposal.outputs(), 5}, Shape{5}, Shape{5}}));
  }
}

TEST_CASE("names of proposals; an anchored one needs a momentum") {
  for (const Kind kind : {Kind::scaled, Kind::squashed, Kind::anchored}) CHECK(parse_proposal(name_of(kind)) == kind);
  CHECK_THROWS_AS(parse_proposal("squash"), UsageError);
  CHECK_THROWS_AS(CoordinateModel({.proposal = Kind::anchored}), Error);
}

}  // namespace l2l::proposal_test
