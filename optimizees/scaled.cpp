#include "optimizees/scaled.h"

#include <algorithm>
#include <cmath>

namespace l2l {

RandomlyScaled::RandomlyScaled(std::unique_ptr<Function> f, const RandomScale& scale, Rng& rng)
    : f_(std::move(f)), factors_(f_->layout().size()) {
  const auto factor = [&] { return static_cast<Real>(std::exp(scale.range * (2 * rng.uniform() - 1))); };
  if (scale.per == RandomScale::Per::coordinate) {
    for (Real& c : factors_) c = factor();
    return;
  }
  for (const Parameter& parameter : f_->layout().parameters()) {
    std::fill_n(factors_.begin() + parameter.offset, parameter.shape.size(), factor());
  }
}

void RandomlyScaled::init(Rng& rng, std::span<Real> theta) const {
  f_->init(rng, theta);
  for (std::size_t k = 0; k < factors_.size(); ++k) theta[k] /= factors_[k];
}

Family randomly_scaled(const Family& family, const RandomScale& scale) {
  if (scale.range == 0) return family;
  const auto draw = [=](Rng& rng, Split split) -> std::unique_ptr<Function> {
    std::unique_ptr<Function> f = family(rng, split);
    if (split != Split::train) return f;
    return std::make_unique<RandomlyScaled>(std::move(f), scale, rng);
  };
  return Family(draw, family.chance_loss());
}

}  // namespace l2l
