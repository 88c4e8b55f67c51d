#include "optim/learned/fast/coordinate_kernel.h"

#include <algorithm>

#include "autodiff/error.h"

namespace l2l {

CoordinateKernel::CoordinateKernel(const CoordinateModel& model)
    : features_(model.config().preprocess.features()), weights_(model.layout().size()), output_(model) {
  add<DenseLayer>(model.dense().layers());
  add<LstmLayer>(model.lstm().layers());
}

template <class Kernel, class Description>
void CoordinateKernel::add(const std::vector<Description>& layers) {
  for (const Description& description : layers) {
    const Kernel kernel(description, !stack_.empty());  // the gradient of the features themselves is not wanted
    stack_.push_back({kernel, state_size_, activation_size_});
    state_size_ += kernel.state_rows() * kBlock;
    activation_size_ += kernel.activation_rows() * kBlock;
  }
}

void CoordinateKernel::set_weights(std::span<const Real> phi) {
  if (static_cast<Index>(phi.size()) != weights_) {
    throw Error("learned optimizer: ", phi.size(), " weights given, it has ", weights_);
  }
  for (Layer& layer : stack_) {
    std::visit([&](auto& kernel) { kernel.set_weights(phi); }, layer.kernel);
  }
  output_.set_weights(phi);
}

void CoordinateKernel::step(const Real* x, const Real* state, Real* next, Real* activations, Real* update) const {
  const Real* const features = x;
  for (const Layer& layer : stack_) {
    Real* const output = next + layer.state;
    Real* const a = activations ? activations + layer.activations : nullptr;
    std::visit([&](const auto& kernel) { kernel.step(x, state + layer.state, output, a); }, layer.kernel);
    x = output;
  }
  output_(features, x, update);
}

void CoordinateKernel::backward(const Unroll& unroll, Real* dphi, Real* scratch) const {
  std::fill_n(scratch, state_size_, Real(0));  // the gradient of the state
  for (Index t = unroll.T - 1; t >= 0; --t) {
    const Real* const state = unroll.states + t * state_size_;
    const Real* const next = state + state_size_;
    output_.backward(unroll.x + t * features_ * kBlock, next + stack_.back().state, unroll.lambda + t * kBlock,
                     scratch + stack_.back().state, dphi);
    for (std::size_t l = stack_.size(); l-- > 0;) {
      const Layer& layer = stack_[l];
      Real* const a = unroll.activations + t * activation_size_ + layer.activations;
      Real *const d = scratch + layer.state, *const dx = l > 0 ? scratch + stack_[l - 1].state : nullptr;
      std::visit([&](const auto& kernel) { kernel.backward(state + layer.state, next + layer.state, a, d, dx); },
                 layer.kernel);
    }
  }
  for (std::size_t l = 0; l < stack_.size(); ++l) {
    const Layer& layer = stack_[l];
    const BlockSequence x = l == 0 ? BlockSequence{unroll.x, features_ * kBlock}
                                   : BlockSequence{unroll.states + state_size_ + stack_[l - 1].state, state_size_};
    const BlockSequence state{unroll.states + layer.state, state_size_};
    const BlockSequence activations{unroll.activations + layer.activations, activation_size_};
    std::visit([&](const auto& kernel) { kernel.weight_gradients(x, state, activations, unroll.T, dphi); },
               layer.kernel);
  }
}

}  // namespace l2l
