#include "optim/learned/fast/fused_unroll.h"

#include <omp.h>

#include <algorithm>

#include "autodiff/error.h"
#include "optim/learned/fast/coordinate_blocks.h"
#include "optim/learned/fast/flush_denormals.h"

namespace l2l {
namespace {

/// The unroll as one node, whose backward pass reruns each block of coordinates in cache (README.md in this folder,
/// "One node for the whole unroll").
class FusedRecorder : public UnrollRecorder {
 public:
  FusedRecorder(const CoordinateModel& model, int threads) : blocks_(model, threads) {}

  void reset(const Layout& layout) override {
    blocks_.reset(layout);
    ++generation_;
  }

  void open(Var phi) override {
    phi_ = phi;
    blocks_.set_weights(phi.values());
    steps_.clear();
    const Index size = blocks_.state_size();
    first_step_ = blocks_.steps();
    start_.resize(blocks_.blocks() * size);
    for (Index b = 0; b < blocks_.blocks(); ++b) std::copy_n(blocks_.state(b), size, start_.data() + b * size);
    // An array without elements, recorded before the steps, so that the reverse loop reaches its node after theirs.
    anchor_ = Tape::output("lstm_unroll", {0}, {phi});
    phi.tape->record("lstm_unroll", {phi}, anchor_, [this, generation = ++generation_] {
      if (generation != generation_) throw Error("lstm_unroll: opened or reset again before its tape ran backward");
      backward();
    });
  }

  Var step(Var theta, std::span<const Real> gradient) override {
    if (static_cast<Index>(gradient.size()) != theta.size() || theta.size() != blocks_.size()) {
      throw Error("lstm_unroll: theta has ", theta.size(), " coordinates, the gradient ", gradient.size(),
                  ", the optimizer was reset for ", blocks_.size());
    }
    auto next = Tape::output("lstm_step", theta.shape, {theta, anchor_});
    Real* const rows = next.tape->scratch(blocks_.rows() * theta.size());
    blocks_.prepare(gradient, rows);
    blocks_.step(rows, theta.value, next.out);
    steps_.push_back({rows, next.grad});
    next.tape->record("lstm_step", {theta, anchor_}, next, [=] {
      const Index n = theta.size();
      for (Index k = 0; theta.grad && k < n; ++k) theta.grad[k] += next.grad[k];
    });
    return next;
  }

  std::size_t bytes() const override {
    return blocks_.bytes() + memory_.capacity() + (start_.capacity() + partial_.capacity()) * sizeof(Real);
  }

 private:
  struct Step {
    const Real* rows;  // ∇_t, and what coordinates see of their parameters
    const Real* lambda;  // λ_{t+1} = ∂L/∂θ_{t+1} = ∂L/∂u_t
  };

  void backward() {
    // The gradient is summed over fixed slabs of blocks, then over slabs in order: the same bytes for any number of
    // threads.
    constexpr Index kSlabs = 64;
    const Index slabs = std::min(kSlabs, blocks_.blocks()), size = phi_.size();
    partial_.assign(slabs * size, Real(0));
    memory_.clear();
    workspaces_.clear();
    for (int k = 0; k < blocks_.threads(); ++k) workspaces_.push_back(make_workspace());
#pragma omp parallel num_threads(blocks_.threads())
    {
      const FlushDenormals flush;
      const Workspace& workspace = workspaces_[omp_get_thread_num()];
#pragma omp for schedule(dynamic)
      for (Index s = 0; s < slabs; ++s) {
        const Index first = s * blocks_.blocks() / slabs, last = (s + 1) * blocks_.blocks() / slabs;
        for (Index b = first; b < last; ++b) block_backward(b, workspace, partial_.data() + s * size);
      }
    }
    for (Index s = 0; s < slabs; ++s) {
      for (Index k = 0; k < size; ++k) phi_.grad[k] += partial_[s * size + k];
    }
  }

  /// What a thread works in: all of a block's unroll, in the arrays of CoordinateKernel::Unroll.
  struct Workspace {
    Real *memory, *x, *states, *activations, *lambda, *update, *scratch;
  };
  Workspace make_workspace() {
    const CoordinateKernel& kernel = blocks_.kernel();
    const Index T = static_cast<Index>(steps_.size());
    const auto take = [&](Index n) { return static_cast<Real*>(memory_.allocate(n * sizeof(Real))); };
    return {take(blocks_.state_size() - kernel.state_size()),
            take(T * kernel.features() * kBlock),
            take((T + 1) * kernel.state_size()),
            take(T * kernel.activation_size()),
            take(T * kBlock),
            take(kBlock),
            take(kernel.state_size())};
  }

  void block_backward(Index b, const Workspace& w, Real* dphi) const {
    const CoordinateKernel& kernel = blocks_.kernel();
    const Index T = static_cast<Index>(steps_.size());
    const Index x_size = kernel.features() * kBlock, state_size = kernel.state_size();
    const Real* const start = start_.data() + b * blocks_.state_size();
    std::copy_n(start, state_size, w.states);
    std::copy(start + state_size, start + blocks_.state_size(), w.memory);
    for (Index t = 0; t < T; ++t) {
      blocks_.features(b, steps_[t].rows, w.memory, first_step_ + t, w.x + t * x_size);
      blocks_.gather(b, steps_[t].lambda, w.lambda + t * kBlock);
      // The update is known already; it comes out again as a by-product.
      kernel.step(w.x + t * x_size, w.states + t * state_size, w.states + (t + 1) * state_size,
                  w.activations + t * kernel.activation_size(), w.update);
    }
    kernel.backward({T, w.x, w.states, w.activations, w.lambda}, dphi, w.scratch);
  }

  CoordinateBlocks blocks_;
  Var phi_, anchor_;
  Index generation_ = 0;  // counts calls of open and reset
  std::vector<Real> start_;  // [blocks][state_size]: the state at the start of the unroll
  Index first_step_ = 0;  // how many gradients came before it
  std::vector<Step> steps_;
  std::vector<Real> partial_;  // [slabs][φ]
  Arena memory_;  // of the workspaces: aligned to cache lines
  std::vector<Workspace> workspaces_;  // one per thread
};

}  // namespace

std::unique_ptr<UnrollRecorder> make_fused_recorder(const CoordinateModel& model, int threads) {
  return std::make_unique<FusedRecorder>(model, threads);
}

}  // namespace l2l
