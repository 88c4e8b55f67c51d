#pragma once
#include <span>
#include <string_view>

#include "autodiff/types.h"

namespace l2l {

/// What the LSTM sees of a gradient coordinate ∇ (Andrychowicz et al. 2016, appendix A).
///
///     none       ∇                                      one feature
///     rescale    c ∇                                    one feature, c = parameter
///     log_sign   (log|∇| / p, sgn ∇)  if |∇| ≥ e^-p     two features, p = parameter
///                (-1, e^p ∇)          otherwise
struct Preprocess {
  enum class Kind { none, rescale, log_sign };

  Kind kind = Kind::log_sign;
  double parameter = 10;

  static constexpr Index kMaxFeatures = 2;
  Index features() const { return kind == Kind::log_sign ? 2 : 1; }
  /// An Error unless the parameter makes sense.
  void check() const;
  /// gradient: [n] → out: [features, n], feature k of coordinate j at out[k * stride + j]. Never throws.
  void operator()(std::span<const Real> gradient, Real* out, Index stride) const;
  /// The derivative: adds Σ_k dout_k ∂out_k/∂∇ to dgradient: [n], for dout laid out like out. A sign has derivative 0.
  /// Training holds ∇ constant and does not need it; optim/study does, for the gradient without that shortcut.
  void backward(std::span<const Real> gradient, const Real* dout, Index stride, Real* dgradient) const;
};

/// "none", "rescale" or "log"; a UsageError for anything else. And back.
Preprocess::Kind parse_preprocess(std::string_view name);
std::string_view name_of(Preprocess::Kind kind);

}  // namespace l2l
