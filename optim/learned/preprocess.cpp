#include "optim/learned/preprocess.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/error.h"
#include "autodiff/kernels/vector_math.h"
#include "nn/fits_real.h"
#include "nn/spelling.h"

namespace l2l {

namespace {
constexpr double kDecays[] = {0.5, 0.9, 0.99};  // of `timescales`

/// e^-p. Never 0, so that ∇ = 0 takes the second branch and does not divide by 0, however large p is.
Real log_threshold(double p) {
  return std::max(static_cast<Real>(std::exp(-p)), std::numeric_limits<Real>::denorm_min());
}
}  // namespace

Index Preprocess::features() const {
  switch (kind) {
    case Kind::log_sign:
    case Kind::moments: return 2;
    case Kind::timescales: return 5;
    case Kind::orthogonal: return 8;
    default: return 1;
  }
}

Index Preprocess::memory() const {
  switch (kind) {
    case Kind::moments: return 2;
    case Kind::timescales:
    case Kind::orthogonal: return 4;
    default: return 0;
  }
}

double Preprocess::recounted(Index row, Index from, Index to) const {
  if (from == 0) return 1;  // nothing is remembered
  const double of_timescale[] = {kDecays[0], kDecays[1], kDecays[2], kDecays[2]};  // as `timescales` lays them out
  const double decay = kind == Kind::moments ? parameter : of_timescale[row];
  const auto weight = [=](Index t) { return 1 - std::pow(decay, static_cast<double>(t)); };
  return weight(to) / weight(from);
}

Index Preprocess::direction() const {
  switch (kind) {
    case Kind::moments: return 1;
    case Kind::timescales: return 2;
    case Kind::orthogonal: return 5;
    default: return -1;
  }
}

void Preprocess::check() const {
  if (!has_parameter()) return;
  if (kind == Kind::orthogonal) {
    if (!(parameter >= 0 && parameter <= 1)) {
      throw Error("preprocess: the growth of the momentum is ", parameter, ", it must be from 0 to 1");
    }
    return;
  }
  if (kind == Kind::moments) {
    if (!(parameter > 0 && parameter < 1)) {
      throw Error("preprocess: the decay of the moments is ", parameter, ", it must be between 0 and 1");
    }
    return;
  }
  const char* const name = kind == Kind::log_sign ? "p" : "the factor";
  if (!(parameter > 0)) throw Error("preprocess: ", name, " is ", parameter, ", it must be positive");
  if (!fits_real(parameter)) {
    throw Error("preprocess: ", name, " is ", parameter, ", which is too large or too close to 0 to be computed with");
  }
}

namespace {

Real bias_correction(double beta, Index t) {
  return static_cast<Real>(1 / (1 - std::pow(beta, static_cast<double>(t + 1))));
}

/// A moving average of decay β of one number for each coordinate.
struct Average {
  Real beta, correction;
  Real* values;

  Average(double beta, Index t, Real* values)
      : beta(static_cast<Real>(beta)), correction(bias_correction(beta, t)), values(values) {}
  /// Takes in x; returns the average without its bias.
  Real operator()(Index k, Real x) const {
    values[k] = beta * values[k] + (1 - beta) * x;
    return correction * values[k];
  }
};

/// 1 / s
Real inverse_size(Real v) { return 1 / (std::sqrt(v) + Real(1e-8)); }

void moments(std::span<const Real> gradient, double decay, Real* memory, Index t, Real* out, Index stride) {
  const Average m(decay, t, memory), v(decay, t, memory + stride);
  for (Index k = 0; k < static_cast<Index>(gradient.size()); ++k) {
    const Real g = gradient[k], r = inverse_size(v(k, g * g));
    out[k] = g * r;
    out[stride + k] = m(k, g) * r;
  }
}

void timescales(std::span<const Real> gradient, Real* memory, Index t, Real* out, Index stride) {
  const Average m0(kDecays[0], t, memory), m1(kDecays[1], t, memory + stride), m2(kDecays[2], t, memory + 2 * stride);
  const Average v(kDecays[2], t, memory + 3 * stride);
  const Real clock = static_cast<Real>(std::log10(1 + static_cast<double>(t)) / Preprocess::kClockDecades);
  for (Index k = 0; k < static_cast<Index>(gradient.size()); ++k) {
    const Real g = gradient[k], r = inverse_size(v(k, g * g));
    out[k] = g * r;
    out[stride + k] = m0(k, g) * r;
    out[2 * stride + k] = m1(k, g) * r;
    out[3 * stride + k] = m2(k, g) * r;
    out[4 * stride + k] = clock;
  }
}

void orthogonal(std::span<const Real> gradient, Real* memory, Index t, Real* out, Index stride, const Real* rows) {
  timescales(gradient, memory, t, out, stride);
  const Real *const direction = rows, *const linear = rows + stride;
  const Index n = static_cast<Index>(gradient.size());
  const Real* const v = memory + 3 * stride;
  const Real correction = bias_correction(kDecays[2], t);
  Real* const d = out + 5 * stride;
  for (Index k = 0; k < n; ++k) d[k] = linear[k] > 0 ? direction[k] : direction[k] * inverse_size(correction * v[k]);
  std::copy_n(linear, n, out + 6 * stride);
  std::copy_n(rows + 2 * stride, n, out + 7 * stride);
}

}  // namespace

void Preprocess::operator()(std::span<const Real> gradient, Real* memory, Index t, Real* out, Index stride,
                            const Real* rows) const {
  const Index n = static_cast<Index>(gradient.size());
  const Real p = static_cast<Real>(parameter);
  if (kind == Kind::moments) return moments(gradient, parameter, memory, t, out, stride);
  if (kind == Kind::timescales) return timescales(gradient, memory, t, out, stride);
  if (kind == Kind::orthogonal) return orthogonal(gradient, memory, t, out, stride, rows);
  if (kind == Kind::none) {
    std::copy(gradient.begin(), gradient.end(), out);
    return;
  }
  if (kind == Kind::rescale) {
    for (Index k = 0; k < n; ++k) out[k] = p * gradient[k];
    return;
  }
  const Real threshold = log_threshold(parameter);
  // Comparisons with NaN are false: it takes the second branch, and stays NaN in the second feature.
  const auto absolute = [](simd::Vec g) { return g < Real(0) ? -g : g; };
  simd::map(gradient.data(), out, n, [=](simd::Vec g) {
    const simd::Vec a = absolute(g);
    return a >= threshold ? simd::log(a) / p : simd::broadcast(-1);
  });
  simd::map(gradient.data(), out + stride, n, [=](simd::Vec g) {
    const simd::Vec sign = g < Real(0) ? simd::broadcast(-1) : simd::broadcast(1);
    return absolute(g) >= threshold ? sign : g / threshold;
  });
}

void Preprocess::backward(std::span<const Real> gradient, const Real* dout, Index stride, Real* dgradient) const {
  const Index n = static_cast<Index>(gradient.size());
  const Real p = static_cast<Real>(parameter);
  if (memory() > 0) {
    throw Error("preprocess: ", name_of(kind), " depends on gradients before; its derivative is not there");
  }
  if (kind != Kind::log_sign) {
    const Real factor = kind == Kind::rescale ? p : 1;
    for (Index k = 0; k < n; ++k) dgradient[k] += factor * dout[k];
    return;
  }
  const Real threshold = log_threshold(parameter);
  for (Index k = 0; k < n; ++k) {
    const bool logarithm = std::abs(gradient[k]) >= threshold;
    dgradient[k] += logarithm ? dout[k] / (p * gradient[k]) : dout[stride + k] / threshold;
  }
}

namespace {
const Names<Preprocess::Kind>& kinds() {
  static const Names<Preprocess::Kind> names("preprocessing", {{"none", Preprocess::Kind::none},
                                                               {"rescale", Preprocess::Kind::rescale},
                                                               {"log", Preprocess::Kind::log_sign},
                                                               {"moments", Preprocess::Kind::moments},
                                                               {"timescales", Preprocess::Kind::timescales},
                                                               {"orthogonal", Preprocess::Kind::orthogonal}});
  return names;
}
}  // namespace

Preprocess::Kind parse_preprocess(std::string_view name) { return kinds().parse(name); }
std::string_view name_of(Preprocess::Kind kind) { return kinds().name_of(kind); }

}  // namespace l2l
