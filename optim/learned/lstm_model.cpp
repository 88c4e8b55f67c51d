#include "optim/learned/lstm_model.h"

#include <cmath>

#include "autodiff/error.h"
#include "autodiff/ops.h"

namespace l2l {

LstmModel::LstmModel(const LstmConfig& config)
    : config_(config),
      lstm_(layout_, "lstm", config.preprocess.features(), config.hidden, config.layers),
      output_weight_(layout_.add("output.weight", {1, config.hidden})),
      output_bias_(layout_.add("output.bias", {1})) {
  config.preprocess.check();
  if (!std::isfinite(static_cast<Real>(config.output_scale))) {
    throw Error("output scale is ", config.output_scale, ", it must be finite");
  }
}

Var LstmModel::features(Tape& tape, std::span<const Real> gradient) const {
  const Index F = config_.preprocess.features(), n = static_cast<Index>(gradient.size());
  Real* const x = tape.scratch(F * n);
  config_.preprocess(gradient, x, n);
  return tape.leaf({F, n}, x);
}

Var LstmModel::operator()(Var phi, Var features, Lstm::State& state) const {
  const Var h = lstm_(phi, features, state);  // [H, n]
  const Var v = output_weight_.in(phi), b = output_bias_.in(phi);
  const Var u = add_column_bias(matmul(v, h), b) * static_cast<Real>(config_.output_scale);  // [1, n]
  return reshape(u, {u.size()});
}

void LstmModel::init(Rng& rng, std::span<Real> phi) const {
  lstm_.init(rng, phi);
  const double bound = 0.1 / std::sqrt(static_cast<double>(config_.hidden));
  rng.fill_uniform(output_weight_.in(phi), -bound, bound);
  output_bias_.in(phi)[0] = 0;
}

}  // namespace l2l
