#include <optional>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/learned/feature_history.h"
#include "optim/learned/unroll.h"

namespace l2l {
namespace {

/// m written down as in the paper: preprocess, then `CoordinateModel`: the layers, a linear output, the proposal.
class ComposedRecorder : public UnrollRecorder {
 public:
  explicit ComposedRecorder(const CoordinateModel& model) : model_(model) {}

  void reset(const Layout& layout) override {
    n_ = layout.size();
    kept_.emplace(model_.lstm(), n_);
    features_.emplace(model_.config().preprocess, layout);
    phi_ = {};
  }

  void open(Var phi) override {
    phi_ = phi;
    kept_->restore(*phi.tape, state_);  // the values cross over from the last unroll, their history does not
  }

  Var step(Var theta, std::span<const Real> gradient) override {
    const bool opened = phi_.tape != nullptr;
    if (!opened || static_cast<Index>(gradient.size()) != n_) {
      throw Error("unroll: stepped with ", gradient.size(), " gradients, reset for ", n_, " and ",
                  opened ? "opened" : "not opened");
    }
    const Var u = model_(phi_, (*features_)(*phi_.tape, gradient), state_);
    kept_->keep(state_);
    return theta + u;
  }

  std::size_t bytes() const override { return kept_ ? kept_->bytes() + features_->bytes() : 0; }

 private:
  CoordinateModel model_;
  Index n_ = 0;
  Var phi_;
  Lstm::State state_;
  std::optional<Lstm::Kept> kept_;
  std::optional<FeatureHistory> features_;
};

}  // namespace

std::unique_ptr<UnrollRecorder> make_composed_recorder(const CoordinateModel& model) {
  return std::make_unique<ComposedRecorder>(model);
}

}  // namespace l2l
