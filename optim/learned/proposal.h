#pragma once
#include <string_view>

#include "autodiff/tape.h"

namespace l2l {

/// What the output o of a learned optimizer's network becomes: the update u of a coordinate.
///
///     scaled    u = c o
///     squashed  u = c tanh(o)                                one output (RNNprop: Lv, Jiang & Li 2017, section 4.2)
///     anchored  u = (1+t)^-p (-η e^{s(a)} d - c tanh(b))      two outputs, o = (a, b)
///
/// where c = scale, η = rate, p = decay, t counts the steps before this one, s(a) = 3 tanh(a/3), and d is the feature
/// that is a direction (Preprocess::direction). So an anchored optimizer whose output is 0 is ADAM or, with
/// `orthogonal` features, Muon with a momentum that grows, with the rate η (1+t)^-p. Training can only add to that:
/// factors from e^-3 to e^3, and steps of its own. (1+t)^-p with p = 1/2 is the schedule for those who do not know when
/// they will stop (Zinkevich 2003).
struct Proposal {
  enum class Kind { scaled, squashed, anchored };

  Kind kind = Kind::scaled;
  double scale = 0.1;
  double rate = 0.01;
  double decay = 0;

  Index outputs() const { return kind == Kind::anchored ? 2 : 1; }
  /// o [outputs, n]; asked for by `anchored` only: direction [n], and if it decays clock [n] (Preprocess::clock) → u
  /// [n]
  Var operator()(Var o, Var direction, Var clock) const;
  /// (1+t)^-p = e^{clock_exponent() clock}
  Real clock_exponent() const;
};

/// "scaled", "squashed" or "anchored"; a UsageError for anything else. And back.
Proposal::Kind parse_proposal(std::string_view name);
std::string_view name_of(Proposal::Kind kind);

}  // namespace l2l
