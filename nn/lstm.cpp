#include "nn/lstm.h"

#include <algorithm>
#include <cmath>

#include "autodiff/error.h"

namespace l2l {

Lstm::Lstm(Layout& layout, const std::string& name, Index in, Index hidden, int layers, const std::string& group)
    : hidden_(hidden) {
  if (in < 1 || hidden < 1 || layers < 0) {
    throw Error("lstm '", name, "': ", in, " inputs, ", hidden, " hidden units and ", layers,
                " layers; inputs and units must be at least 1, layers not negative");
  }
  for (int k = 0; k < layers; ++k) {
    const std::string suffix = "_l" + std::to_string(k);
    layers_.push_back({layout.add(name + ".weight_ih" + suffix, {4 * hidden, k == 0 ? in : hidden}, group),
                       layout.add(name + ".weight_hh" + suffix, {4 * hidden, hidden}, group),
                       layout.add(name + ".bias" + suffix, {4 * hidden}, group)});
  }
}

Lstm::State Lstm::zero_state(Tape& tape, Index n) const {
  const Var zero = tape.constant({hidden_, n}, Real(0));
  return State(layers_.size(), LstmState{zero, zero});
}

Lstm::Kept::Kept(const Lstm& lstm, Index n)
    : shape_{lstm.hidden_, n}, values_(2 * lstm.layers_.size(), std::vector<Real>(shape_.size())) {}

void Lstm::Kept::restore(Tape& tape, State& state) const {
  state.clear();
  for (std::size_t k = 0; k < values_.size(); k += 2) {
    state.push_back({tape.constant(shape_, values_[k]), tape.constant(shape_, values_[k + 1])});
  }
}

void Lstm::Kept::keep(const State& state) {
  for (std::size_t k = 0; k < state.size(); ++k) {
    std::ranges::copy(state[k].h.values(), values_[2 * k].begin());
    std::ranges::copy(state[k].c.values(), values_[2 * k + 1].begin());
  }
}

std::size_t Lstm::Kept::bytes() const {
  return values_.size() * static_cast<std::size_t>(shape_.size()) * sizeof(Real);
}

Var Lstm::operator()(Var theta, Var x, State& state) const {
  if (state.size() != layers_.size()) {
    throw Error("lstm: state of ", state.size(), " layers given to ", layers_.size());
  }
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    state[k] = lstm_cell(gates(theta, k, x, state[k].h), state[k].c);
    x = state[k].h;
  }
  return x;
}

Var Lstm::gates(Var theta, std::size_t k, Var x, Var h) const {
  const Layer& layer = layers_[k];
  const Var sums = matmul(layer.weight_ih.in(theta), x) + matmul(layer.weight_hh.in(theta), h);
  return add_column_bias(sums, layer.bias.in(theta));
}

void Lstm::init(Rng& rng, std::span<Real> theta, double forget_bias) const {
  const double bound = 1 / std::sqrt(static_cast<double>(hidden_));
  for (const Layer& layer : layers_) {
    rng.fill_uniform(layer.weight_ih.in(theta), -bound, bound);
    rng.fill_uniform(layer.weight_hh.in(theta), -bound, bound);
    rng.fill_uniform(layer.bias.in(theta), -bound, bound);
    const std::span<Real> forget = layer.bias.in(theta).subspan(hidden_, hidden_);
    std::fill(forget.begin(), forget.end(), static_cast<Real>(forget_bias));
  }
}

}  // namespace l2l
