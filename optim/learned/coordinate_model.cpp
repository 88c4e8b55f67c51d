#include "optim/learned/coordinate_model.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "nn/fits_real.h"

namespace l2l {

CoordinateModel::CoordinateModel(const CoordinateConfig& config)
    : config_(config),
      dense_(layout_, "dense", config.preprocess.features(), config.hidden, config.dense),
      lstm_(layout_, "lstm", config.dense > 0 ? config.hidden : config.preprocess.features(), config.hidden,
            config.layers),
      output_weight_(layout_.add("output.weight", {proposal().outputs(), config.hidden})),
      output_bias_(layout_.add("output.bias", {proposal().outputs()})) {
  config.preprocess.check();
  if (config.dense + config.layers < 1) throw UsageError("a learned optimizer needs a layer, dense or of an LSTM");
  if (!std::isfinite(static_cast<Real>(config.output_scale))) {
    throw Error("output scale is ", config.output_scale, ", it must be finite");
  }
  if (config.proposal == Proposal::Kind::anchored) {
    if (config.preprocess.direction() < 0) {
      throw Error("an anchored proposal needs features with a direction: moments, timescales or orthogonal, not ",
                  name_of(config.preprocess.kind));
    }
    if (!(config.decay >= 0 && config.decay <= CoordinateConfig::kMaxDecay)) {
      throw Error("the decay is ", config.decay, ", it must be from 0 to ", CoordinateConfig::kMaxDecay);
    }
    if (config.decay > 0 && config.preprocess.clock() < 0) {
      throw Error("a proposal that decays needs features with a clock: timescales or orthogonal, not ",
                  name_of(config.preprocess.kind));
    }
    if (!fits_real(config.rate)) throw Error("the rate is ", config.rate, ", it must be a number of ordinary size");
  }
}

Var CoordinateModel::operator()(Var phi, Var features, Lstm::State& state) const {
  const Var h = lstm_(phi, dense_(phi, features), state);  // [H, n]
  const Var v = output_weight_.in(phi), b = output_bias_.in(phi);
  const Var o = add_column_bias(matmul(v, h), b);  // [O, n]
  const auto feature = [&](Index k) { return k < 0 ? Var{} : reshape(slice(features, k, 1), {o.shape[1]}); };
  return proposal()(o, feature(config_.preprocess.direction()), feature(config_.preprocess.clock()));
}

void CoordinateModel::init(Rng& rng, std::span<Real> phi) const {
  dense_.init(rng, phi);
  lstm_.init(rng, phi);
  const double bound = 0.1 / std::sqrt(static_cast<double>(config_.hidden));
  if (config_.proposal == Proposal::Kind::anchored) {
    std::ranges::fill(output_weight_.in(phi), Real(0));
  } else {
    rng.fill_uniform(output_weight_.in(phi), -bound, bound);
  }
  std::ranges::fill(output_bias_.in(phi), Real(0));
}

}  // namespace l2l
