#pragma once
#include <span>
#include <string_view>

#include "autodiff/types.h"

namespace l2l {

/// What a learned optimizer sees of a coordinate: numbers computed from its gradient ∇, and from those before it, none
/// of which needs a derivative in training (optim/meta/README.md).
///
///     none        ∇                                      one feature
///     rescale     c ∇                                    one feature, c = parameter
///     log_sign    (log|∇| / p, sgn ∇)  if |∇| ≥ e^-p     two features, p = parameter
///                 (-1, e^p ∇)          otherwise         (Andrychowicz et al. 2016, appendix A)
///     moments     (∇/s, m̂_β/s)                           two features, β = parameter
///                                                        (RNNprop: Lv, Jiang & Li 2017, section 4.1)
///     timescales  (∇/s, m̂_.5/s, m̂_.9/s, m̂_.99/s, log10(1 + t)/3)                         five features
///     orthogonal  those, and d, linear, ρ                eight features, q = parameter (see ParameterFeatures)
///
/// with the moving averages m_β ← β m_β + (1-β) ∇ and v_β ← β v_β + (1-β) ∇², without their bias towards zero:
/// m̂_β = m_β / (1-β^{t+1}) after t gradients before this one, v̂_β likewise; and s = √v̂_β + 1e-8, in `timescales` and
/// `orthogonal` with β = .99. Divided by s, gradients of any size are of size 1, as in ADAM. d is the direction of
/// Muon with a momentum of growth q: orthogonalised for a coordinate of a linear map, m̂/s for any other.
struct Preprocess {
  enum class Kind { none, rescale, log_sign, moments, timescales, orthogonal };

  Kind kind = Kind::log_sign;
  double parameter = 10;

  bool operator==(const Preprocess&) const = default;
  static constexpr Index kMaxFeatures = 8, kMaxParameterRows = 3;
  Index features() const;
  /// Reals that are kept for each coordinate from one gradient to the next.
  Index memory() const;
  /// What to multiply row `row` of the memory by, so that it is without bias if not `from` but `to` gradients count as
  /// those before: (1-β^to) / (1-β^from).
  double recounted(Index row, Index from, Index to) const;
  /// Which feature is a direction of size 1, m̂/s or d; -1: none.
  Index direction() const;
  static constexpr double kClockDecades = 3;  // of steps, in which the clock goes from 0 to 1
  /// Which feature is the clock, log10(1 + t)/3; -1: none.
  Index clock() const { return kind == Kind::timescales || kind == Kind::orthogonal ? 4 : -1; }
  /// What they take from ParameterFeatures: rows for each coordinate.
  Index parameter_rows() const { return kind == Kind::orthogonal ? kMaxParameterRows : 0; }
  /// Whether the kind has a parameter.
  bool has_parameter() const { return kind != Kind::none && kind != Kind::timescales; }
  /// An Error unless the parameter makes sense.
  void check() const;
  /// gradient: [n] → out: [features, n], feature k of coordinate j at out[k * stride + j]. Never throws.
  /// memory: [memory(), n] with the same stride, zero before the first gradient, is brought up to date. t: how many
  /// gradients came before. rows: [parameter_rows(), n] with the same stride.
  void operator()(std::span<const Real> gradient, Real* memory, Index t, Real* out, Index stride,
                  const Real* rows = nullptr) const;
  /// The derivative of features without memory: adds Σ_k dout_k ∂out_k/∂∇ to dgradient: [n], for dout laid out like
  /// out. A sign has derivative 0. Only optim/study asks for it.
  void backward(std::span<const Real> gradient, const Real* dout, Index stride, Real* dgradient) const;
};

/// "none", "rescale", "log", "moments", "timescales" or "orthogonal"; a UsageError for anything else. And back.
Preprocess::Kind parse_preprocess(std::string_view name);
std::string_view name_of(Preprocess::Kind kind);

}  // namespace l2l
