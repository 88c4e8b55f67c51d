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
/// e^-p. Never 0, so that ∇ = 0 takes the second branch and does not divide by 0, however large p is.
Real log_threshold(double p) {
  return std::max(static_cast<Real>(std::exp(-p)), std::numeric_limits<Real>::denorm_min());
}
}  // namespace

void Preprocess::check() const {
  if (kind == Kind::none) return;
  const char* const name = kind == Kind::log_sign ? "p" : "the factor";
  if (!(parameter > 0)) throw Error("preprocess: ", name, " is ", parameter, ", it must be positive");
  if (!fits_real(parameter)) {
    throw Error("preprocess: ", name, " is ", parameter, ", which is too large or too close to 0 to be computed with");
  }
}

void Preprocess::operator()(std::span<const Real> gradient, Real* out, Index stride) const {
  const Index n = static_cast<Index>(gradient.size());
  const Real p = static_cast<Real>(parameter);
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

static const Names<Preprocess::Kind> kinds("preprocessing", {{"none", Preprocess::Kind::none},
                                                             {"rescale", Preprocess::Kind::rescale},
                                                             {"log", Preprocess::Kind::log_sign}});

Preprocess::Kind parse_preprocess(std::string_view name) { return kinds.parse(name); }
std::string_view name_of(Preprocess::Kind kind) { return kinds.name_of(kind); }

}  // namespace l2l
