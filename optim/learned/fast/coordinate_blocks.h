#pragma once
#include <optional>
#include <span>
#include <vector>

#include "autodiff/arena.h"
#include "optim/learned/fast/coordinate_kernel.h"
#include "optim/learned/parameter_features.h"

namespace l2l {

/// All coordinates of a θ, cut into blocks that threads share among them, with the state of each. Results are
/// the same for any number of threads, since blocks know nothing of each other.
class CoordinateBlocks {
 public:
  CoordinateBlocks(const CoordinateModel& model, int threads);
  /// The same weights and states, in memory of its own.
  CoordinateBlocks(const CoordinateBlocks& other);

  const CoordinateKernel& kernel() const { return kernel_; }
  void set_weights(std::span<const Real> phi) { kernel_.set_weights(phi); }
  /// Zero state for a θ of this layout.
  void reset(const Layout& layout);
  /// See Optimizer::move_to.
  void move_to(const Layout& layout, std::span<const Index> from, Index steps);
  Index size() const { return n_; }
  Index blocks() const { return (n_ + kBlock - 1) / kBlock; }

  /// Rows of what coordinates are given of a step: ∇, and what they see of their parameters (ParameterFeatures).
  Index rows() const { return 1 + preprocess_.parameter_rows(); }
  /// Those of the next step. gradient: [n] → rows: [rows(), n].
  void prepare(std::span<const Real> gradient, Real* rows);
  /// θ' = θ + u, from prepared rows; `next` may be `theta`.
  void step(const Real* rows, const Real* theta, Real* next);

  /// The state of block b, [state_size()]: that of the layers, then what its features remember, [memory][kBlock].
  const Real* state(Index b) const { return states_[b]; }
  Index state_size() const { return kernel_.state_size() + preprocess_.memory() * kBlock; }
  /// How many gradients came before the next one.
  Index steps() const { return t_; }
  /// The block's part of an array [n], padded with zeros, → [kBlock].
  void gather(Index b, const Real* array, Real* out) const;
  /// The features of its rows, the t-th, → [F][kBlock]; `memory` is brought up to date.
  void features(Index b, const Real* rows, Real* memory, Index t, Real* out) const;
  int threads() const { return threads_; }
  std::size_t bytes() const { return memory_.capacity() + (of_parameters_ ? of_parameters_->bytes() : 0); }

 private:
  void allocate(Index n);

  Preprocess preprocess_;
  std::optional<ParameterFeatures> of_parameters_;
  CoordinateKernel kernel_;
  int threads_;
  Index n_ = 0, t_ = 0;
  Arena memory_;  // aligned to cache lines, which `std::vector` is not
  std::vector<Real*> states_;  // of each block
  std::vector<Real*> spare_;  // of each thread: where a block's next state goes. Then the two are swapped.
};

}  // namespace l2l
