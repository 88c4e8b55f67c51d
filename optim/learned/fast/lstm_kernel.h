#pragma once
#include <span>
#include <vector>

#include "optim/learned/lstm_model.h"

namespace l2l {

inline constexpr Index kBlock = 48;  // coordinates that are computed together

/// The model m on one block of coordinates: the kernel under `LstmOptimizer` and the fused unroll. It computes what
/// nn/lstm.h computes (read that first), arranged so that a block's whole step stays in the first-level cache:
///
///   * Arrays are [row][kBlock]: a feature, gate or unit of all the block's coordinates side by side.
///   * Gates are interleaved by unit (i, f, g, o of unit j together): the four are the rows of one tile of the product,
///     and the cell's nonlinearities follow while they are in cache.
///   * Any number of layers, units and features; a block may have unused coordinates (zero gradient, zero λ).
class LstmKernel {
 public:
  explicit LstmKernel(const LstmModel& model);
  /// Rearranges the weights; phi: [model.layout().size()].
  void set_weights(std::span<const Real> phi);

  /// Reals in the state of a block (h and c of every layer), and in what backward needs of a step.
  Index state_size() const { return 2 * layers_ * H_ * kBlock; }
  Index activation_size() const { return 5 * layers_ * H_ * kBlock; }
  Index features() const { return features_; }

  /// One step: features [F][kBlock] and state → next state and update [kBlock]. `activations` may be null.
  void step(const Real* x, const Real* state, Real* next, Real* activations, Real* update) const;

  /// What `backward` works on, for a block and an unroll of T steps; each array holds the steps one after another:
  struct Unroll {
    Index T;
    const Real* x;  // [T][F][kBlock]
    const Real* states;  // [T + 1][state_size], the first one given, the rest from `step`
    Real* activations;  // [T][activation_size] from `step`; overwritten by gradients
    const Real* lambda;  // [T][kBlock]: ∂L/∂u_t, which is λ_{t+1} in optim/meta/README.md
  };
  /// Backpropagation through time: adds ∂L/∂φ of this block to `dphi`, laid out like φ. scratch: [scratch_size()].
  void backward(const Unroll& unroll, Real* dphi, Real* scratch) const;
  Index scratch_size() const { return 2 * layers_ * H_ * kBlock; }

 private:
  struct Layer {
    Index in;
    std::vector<Real> forward;  // [H][in + H][4]: for a unit j and an input k the weights of i, f, g, o
    std::vector<Real> bias;  // [H][4]
    std::vector<Real> backward;  // [rows / 4][4H][4]: the transpose, for the gradients of four inputs at a time
    Parameter weight_ih, weight_hh, bias_parameter;

    /// Where in `backward` the weight is that leads from gate row `gate` (of 4H, interleaved) to input r.
    Index backward_index(Index r, Index gate) const {
      const Index gates = static_cast<Index>(bias.size());
      return (r / 4 * gates + gate) * 4 + r % 4;
    }
  };

  static constexpr Index kMaxOutputs = 2;
  /// The factor that set_weights has put into w_out_ and b_out_.
  Real output_factor() const {
    return static_cast<Real>(proposal_.kind == Proposal::Kind::scaled ? proposal_.scale : 1);
  }
  void outputs(const Real* h, Real* o) const;
  void propose(const Real* x, const Real* o, Real* update) const;
  void output_gradients(const Real* x, const Real* h, const Real* lambda, Real* d) const;
  void layer_step(const Layer& layer, const Real* x, const Real* h, const Real* c, Real* h_next, Real* c_next,
                  Real* activations) const;
  void layer_backward(const Layer& layer, const Real* c, Real* activations, Real* dh, Real* dc, Real* dx) const;
  void weight_gradients(std::size_t l, const Unroll& unroll, Real* dphi) const;

  Index layers_, H_, features_;
  Proposal proposal_;
  Index direction_;  // which feature an anchored proposal takes
  std::vector<Layer> stack_;
  Parameter output_weight_, output_bias_;
  std::vector<Real> w_out_;  // [O][H]: the output weight v, of a scaled proposal times its scale
  std::vector<Real> b_out_;  // [O]: the output bias, likewise
};

}  // namespace l2l
