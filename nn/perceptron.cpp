#include "nn/perceptron.h"

#include <cmath>

#include "autodiff/error.h"

namespace l2l {

Perceptron::Perceptron(Layout& layout, const std::string& name, Index in, Index hidden, int layers) {
  if (in < 1 || hidden < 1 || layers < 0) {
    throw Error("perceptron '", name, "': ", in, " inputs, ", hidden, " hidden units and ", layers,
                " layers; inputs and units must be at least 1, layers not negative");
  }
  for (int k = 0; k < layers; ++k) {
    const std::string suffix = "_l" + std::to_string(k);
    layers_.push_back({layout.add(name + ".weight" + suffix, {hidden, k == 0 ? in : hidden}),
                       layout.add(name + ".bias" + suffix, {hidden})});
  }
}

Var Perceptron::operator()(Var theta, Var x) const {
  for (const Layer& layer : layers_) {
    x = elu(add_column_bias(matmul(layer.weight.in(theta), x), layer.bias.in(theta)));
  }
  return x;
}

void Perceptron::init(Rng& rng, std::span<Real> theta) const {
  for (const Layer& layer : layers_) {
    const double bound = 1 / std::sqrt(static_cast<double>(layer.weight.shape[1]));
    rng.fill_uniform(layer.weight.in(theta), -bound, bound);
    rng.fill_uniform(layer.bias.in(theta), -bound, bound);
  }
}

}  // namespace l2l
