#include "optim/learned/fast/coordinate_blocks.h"

#include <omp.h>

#include <algorithm>
#include <utility>

#include "autodiff/error.h"
#include "optim/learned/fast/flush_denormals.h"

namespace l2l {

CoordinateBlocks::CoordinateBlocks(const CoordinateModel& model, int threads)
    : preprocess_(model.config().preprocess), kernel_(model), threads_(threads) {
  if (threads < 1) throw UsageError("learned optimizer: ", threads, " threads, it must be at least 1");
}

CoordinateBlocks::CoordinateBlocks(const CoordinateBlocks& other)
    : preprocess_(other.preprocess_),
      of_parameters_(other.of_parameters_),
      kernel_(other.kernel_),
      threads_(other.threads_) {
  allocate(other.n_);
  t_ = other.t_;
  for (Index b = 0; b < blocks(); ++b) std::copy_n(other.states_[b], state_size(), states_[b]);
}

void CoordinateBlocks::reset(const Layout& layout) {
  of_parameters_.emplace(preprocess_, layout);
  allocate(layout.size());
}

void CoordinateBlocks::move_to(const Layout& layout, std::span<const Index> from, Index steps) {
  if (!of_parameters_) throw Error("move: the optimizer was not reset before");
  if (static_cast<Index>(from.size()) != layout.size()) {
    throw Error("move: ", layout.size(), " coordinates that continue ", from.size());
  }
  for (const Index k : from) {
    if (k < 0 || k >= n_) throw Error("move: coordinate ", k, " of ", n_);
  }
  of_parameters_->move_to(layout, from, steps);
  const Index rows = state_size() / kBlock;  // numbers of a coordinate, each in a row of its block
  std::vector<Real> before(blocks() * state_size());
  for (Index b = 0; b < blocks(); ++b) std::copy_n(states_[b], state_size(), before.data() + b * state_size());
  std::vector<Real> factors(rows, Real(1));
  const Index of_layers = kernel_.state_size() / kBlock;
  for (Index r = of_layers; r < rows; ++r) {
    factors[r] = static_cast<Real>(preprocess_.recounted(r - of_layers, t_, steps));
  }
  allocate(layout.size());
  t_ = steps;
  for (Index k = 0; k < n_; ++k) {
    const Real* const old = before.data() + from[k] / kBlock * state_size() + from[k] % kBlock;
    Real* const moved = states_[k / kBlock] + k % kBlock;
    for (Index r = 0; r < rows; ++r) moved[r * kBlock] = factors[r] * old[r * kBlock];
  }
}

void CoordinateBlocks::allocate(Index n) {
  n_ = n;
  t_ = 0;
  const Index size = state_size();
  memory_.clear();
  Real* all = static_cast<Real*>(memory_.allocate((blocks() + threads_) * size * sizeof(Real)));
  std::fill_n(all, blocks() * size, Real(0));
  states_.resize(blocks());
  spare_.resize(threads_);
  for (Real*& state : states_) state = std::exchange(all, all + size);
  for (Real*& state : spare_) state = std::exchange(all, all + size);
}

void CoordinateBlocks::gather(Index b, const Real* array, Real* out) const {
  const Index first = b * kBlock, count = std::min(kBlock, n_ - first);
  std::copy_n(array + first, count, out);
  std::fill(out + count, out + kBlock, Real(0));
}

void CoordinateBlocks::features(Index b, const Real* rows, Real* memory, Index t, Real* out) const {
  alignas(64) Real of_block[(1 + Preprocess::kMaxParameterRows) * kBlock];
  for (Index k = 0; k < this->rows(); ++k) gather(b, rows + k * n_, of_block + k * kBlock);
  preprocess_(std::span<const Real>(of_block, kBlock), memory, t, out, kBlock, of_block + kBlock);
}

void CoordinateBlocks::prepare(std::span<const Real> gradient, Real* rows) {
  std::ranges::copy(gradient, rows);
  (*of_parameters_)(gradient, rows + n_);
}

void CoordinateBlocks::step(const Real* rows, const Real* theta, Real* next) {
  const Index count = blocks();
#pragma omp parallel num_threads(threads_)
  {
    const FlushDenormals flush;
    Real*& spare = spare_[omp_get_thread_num()];
#pragma omp for schedule(dynamic, 4)
    for (Index b = 0; b < count; ++b) {
      alignas(64) Real x[Preprocess::kMaxFeatures * kBlock], update[kBlock];
      Real* const memory = spare + kernel_.state_size();
      std::copy_n(states_[b] + kernel_.state_size(), preprocess_.memory() * kBlock, memory);
      features(b, rows, memory, t_, x);
      kernel_.step(x, states_[b], spare, nullptr, update);
      std::swap(states_[b], spare);
      const Index first = b * kBlock, used = std::min(kBlock, n_ - first);
      for (Index k = 0; k < used; ++k) next[first + k] = theta[first + k] + update[k];
    }
  }
  ++t_;
}

}  // namespace l2l
