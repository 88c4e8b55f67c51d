#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "autodiff/types.h"

namespace l2l {

/// A random number generator with a small, visible state (xoshiro256**, Blackman & Vigna 2018). Unlike those of the
/// standard library, its distributions give the same numbers on every system. Randomness is always passed as an
/// argument, so the same seed gives the same run.
class Rng {
 public:
  /// Independent streams for different (seed, stream) pairs, e.g. one per function of a test set.
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint64_t next();
  double uniform();  ///< in [0, 1)
  double normal();  ///< mean 0, variance 1 (Box-Muller)
  Index below(Index n);  ///< one of 0 … n - 1, n ≥ 1
  void fill_normal(std::span<Real> x, double mean, double deviation);
  void fill_uniform(std::span<Real> x, double low, double high);

  using State = std::array<std::uint64_t, 4>;
  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  State state_;
};

}  // namespace l2l
