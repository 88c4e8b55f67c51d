#include "nn/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace l2l {
namespace {

/// splitmix64 (Steele et al. 2014): turns any seed, even 0, into well-mixed words.
std::uint64_t splitmix(std::uint64_t& x) {
  std::uint64_t z = (x += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed, std::uint64_t stream) {
  std::uint64_t s = seed;
  std::uint64_t x = splitmix(s) ^ (stream * 0xd1342543de82ef95 + 1);
  for (std::uint64_t& word : state_) word = splitmix(x);
}

std::uint64_t Rng::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

// The second value of Box-Muller is discarded: keeping it would make it a part of the state.
double Rng::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

Index Rng::below(Index n) { return static_cast<Index>(uniform() * static_cast<double>(n)); }

void Rng::fill_normal(std::span<Real> x, double mean, double deviation) {
  for (Real& v : x) v = static_cast<Real>(mean + deviation * normal());
}

void Rng::fill_uniform(std::span<Real> x, double low, double high) {
  for (Real& v : x) v = static_cast<Real>(low + (high - low) * uniform());
}

}  // namespace l2l
