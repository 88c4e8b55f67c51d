#include "autodiff/ops.h"
#include "optimizees/registry.h"

namespace l2l {
namespace {

/// f(θ) = ‖Wθ - y‖² with W and y IID standard Gaussian (Andrychowicz et al. 2016, section 3.1). A member of the family
/// is a batch of such functions side by side, each with its own W, y and θ, and its loss is their *sum*: the gradient
/// of each θ is then that of its own function, 2 Wᵀ(Wθ - y), just as if it were alone. `functions` says how many there
/// are, so that losses can be reported per function.
class Quadratic : public Function {
 public:
  Quadratic(Rng& rng, Index batch, Index dim) : batch_(batch), dim_(dim), W_(batch * dim * dim), y_(batch * dim) {
    layout_.add("theta", {batch, dim});
    rng.fill_normal(W_, 0, 1);
    rng.fill_normal(y_, 0, 1);
  }

  const Layout& layout() const override { return layout_; }

  void init(Rng& rng, std::span<Real> theta) const override { rng.fill_normal(theta, 0, 1); }

  Var loss(Tape& tape, Var theta) override {
    const Var W = tape.leaf({batch_, dim_, dim_}, W_.data());
    const Var y = tape.leaf({batch_, dim_, 1}, y_.data());
    return sum(square(batched_matmul(W, reshape(theta, {batch_, dim_, 1})) - y));
  }

  Index functions() const override { return batch_; }

 private:
  Index batch_, dim_;
  Layout layout_;
  std::vector<Real> W_;  // [batch, dim, dim]
  std::vector<Real> y_;  // [batch, dim]
};

}  // namespace

OptimizeeEntry quadratic() {
  return {
      .name = "quadratic",
      .summary = "|W theta - y|^2, W and y Gaussian, a batch of functions at once",
      .options = {{"batch", "128", "functions in one batch"}, {"dim", "10", "dimension of theta"}},
      .make = [](const OptionValues& values) -> Family {
        const Index batch = whole_number(values, "batch", 100'000), dim = whole_number(values, "dim", 1'000);
        // Every split has fresh functions: the family is infinite.
        return [=](Rng& rng, Split) { return std::make_unique<Quadratic>(rng, batch, dim); };
      },
      .optimizer = {.preprocess = {Preprocess::Kind::none, 1}, .output_scale = 1},
      .training = {.steps = 100, .unroll = 20, .learning_rate = 0.01, .discount = 0},
  };
}

}  // namespace l2l
