#include "optim/lstm_blocks.h"

#include <algorithm>

#include "autodiff/error.h"

namespace l2l {
namespace {
constexpr Index kBlock = BlockLstm::kBlock;
}

LstmBlocks::LstmBlocks(const LstmModel& model, int threads)
    : preprocess_(model.config().preprocess), kernel_(model), threads_(threads) {
  if (threads < 1) throw UsageError("lstm: ", threads, " threads, it must be at least 1");
}

void LstmBlocks::reset(Index n) {
  n_ = n;
  parity_ = 0;
  const Index size = blocks() * 2 * kernel_.state_size();
  memory_.clear();
  states_ = static_cast<Real*>(memory_.allocate(size * sizeof(Real)));
  std::fill_n(states_, size, Real(0));
}

void LstmBlocks::gather(Index b, const Real* array, Real* out) const {
  const Index first = b * kBlock, count = std::min(kBlock, n_ - first);
  std::copy_n(array + first, count, out);
  std::fill(out + count, out + kBlock, Real(0));
}

void LstmBlocks::features(Index b, const Real* gradient, Real* out) const {
  alignas(64) Real g[kBlock];
  gather(b, gradient, g);
  preprocess_(g, out, kBlock);
}

void LstmBlocks::step(const Real* gradient, const Real* theta, Real* next) {
  const Index size = kernel_.state_size(), count = blocks();
#pragma omp parallel for schedule(static) num_threads(threads_)
  for (Index b = 0; b < count; ++b) {
    alignas(64) Real x[Preprocess::kMostFeatures * kBlock], update[kBlock];
    features(b, gradient, x);
    Real* states = states_ + 2 * b * size;
    kernel_.step(x, states + parity_ * size, states + (1 - parity_) * size, nullptr, update);
    const Index first = b * kBlock, used = std::min(kBlock, n_ - first);
    for (Index k = 0; k < used; ++k) next[first + k] = theta[first + k] + update[k];
  }
  parity_ = 1 - parity_;
}

}  // namespace l2l
