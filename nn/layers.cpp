#include "nn/layers.h"

#include <cmath>

#include "autodiff/error.h"
#include "nn/spelling.h"

namespace l2l {

Activation parse_activation(std::string_view name) {
  static const Names<Activation> names(
      "activation", {{"sigmoid", Activation::sigmoid}, {"tanh", Activation::tanh}, {"relu", Activation::relu}});
  return names.parse(name);
}

Var activate(Activation kind, Var x) {
  switch (kind) {
    case Activation::sigmoid: return sigmoid(x);
    case Activation::tanh: return tanh(x);
    case Activation::relu: return relu(x);
  }
  throw Error("activate: not an Activation");
}

Linear::Linear(Layout& layout, const std::string& name, Index in, Index out, const std::string& group, Bias bias)
    : in_(in), weight_(layout.add(name + ".weight", {out, in}, group, Parameter::Kind::linear_map)) {
  if (bias == Bias::yes) bias_ = layout.add(name + ".bias", {out}, group);
}

Var Linear::operator()(Var theta, Var x) const {
  const Var y = matmul(x, weight_.in(theta), Trans::no, Trans::yes);
  return bias_ ? add_row_bias(y, bias_->in(theta)) : y;
}

void Linear::init(Rng& rng, std::span<Real> theta) const {
  const double bound = in_ ? 1 / std::sqrt(static_cast<double>(in_)) : 0;
  rng.fill_uniform(weight_.in(theta), -bound, bound);
  if (bias_) rng.fill_uniform(bias_->in(theta), -bound, bound);
}

Mlp::Mlp(Layout& layout, const std::string& name, const std::vector<Index>& sizes, Activation activation,
         const std::string& group)
    : activation_(activation) {
  if (sizes.size() < 2) throw Error("Mlp '", name, "': needs at least an input and an output size");
  for (std::size_t k = 0; k + 1 < sizes.size(); ++k) {
    layers_.emplace_back(layout, name + "." + std::to_string(k), sizes[k], sizes[k + 1], group);
  }
}

Var Mlp::operator()(Var theta, Var x) const {
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    if (k > 0) x = activate(activation_, x);
    x = layers_[k](theta, x);
  }
  return x;
}

void Mlp::init(Rng& rng, std::span<Real> theta) const {
  for (const Linear& layer : layers_) layer.init(rng, theta);
}

}  // namespace l2l
