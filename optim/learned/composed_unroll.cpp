#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/learned/unroll.h"

namespace l2l {
namespace {

/// m written down as in the paper: preprocess, then `LstmModel`: the LSTM, a linear output, scale.
class ComposedRecorder : public UnrollRecorder {
 public:
  explicit ComposedRecorder(const LstmModel& model) : model_(model) {}

  void reset(const Layout& layout) override {
    n_ = layout.size();
    carried_.assign(2 * model_.config().layers, std::vector<Real>(model_.config().hidden * n_, Real(0)));
    state_.clear();
  }

  void open(Var phi) override {
    phi_ = phi;
    Tape& tape = *phi.tape;
    const Shape shape{model_.config().hidden, n_};
    state_.clear();
    // The state's values cross over from the last unroll, its history does not.
    for (std::size_t k = 0; k < carried_.size(); k += 2) {
      state_.push_back({tape.constant(shape, carried_[k]), tape.constant(shape, carried_[k + 1])});
    }
  }

  Var step(Var theta, std::span<const Real> gradient) override {
    if (state_.empty() || static_cast<Index>(gradient.size()) != n_) {
      throw Error("unroll: stepped with ", gradient.size(), " gradients, reset for ", n_, " and ",
                  state_.empty() ? "not opened" : "opened");
    }
    const Var u = model_(phi_, model_.features(*phi_.tape, gradient), state_);
    for (std::size_t k = 0; k < state_.size(); ++k) {
      carried_[2 * k].assign(state_[k].h.value, state_[k].h.value + state_[k].h.size());
      carried_[2 * k + 1].assign(state_[k].c.value, state_[k].c.value + state_[k].c.size());
    }
    return theta + u;
  }

  std::size_t bytes() const override {
    return carried_.size() * model_.config().hidden * static_cast<std::size_t>(n_) * sizeof(Real);
  }

 private:
  LstmModel model_;
  Index n_ = 0;
  Var phi_;
  Lstm::State state_;
  std::vector<std::vector<Real>> carried_;  // h and c of each layer, as values
};

}  // namespace

std::unique_ptr<UnrollRecorder> make_composed_recorder(const LstmModel& model) {
  return std::make_unique<ComposedRecorder>(model);
}

}  // namespace l2l
