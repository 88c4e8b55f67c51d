#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "autodiff/kernels/vector_math.h"
#include "nn/random.h"

namespace l2l::bench {
namespace {

std::vector<Real> random_inputs() {
  std::vector<Real> x(4096);
  Rng rng(1);
  rng.fill_normal(x, 0, 3);
  return x;
}

/// Time per element.
void report(benchmark::State& state, std::size_t n) {
  state.counters["element"] = benchmark::Counter(
      static_cast<double>(n), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <class F>
void vectorised(benchmark::State& state, F f) {
  const std::vector<Real> x = random_inputs();
  std::vector<Real> y(x.size());
  for (auto _ : state) {
    simd::map(x.data(), y.data(), static_cast<Index>(x.size()), f);
    benchmark::ClobberMemory();
  }
  report(state, x.size());
}
BENCHMARK_CAPTURE(vectorised, exp, [](simd::Vec x) { return simd::exp(x); });
BENCHMARK_CAPTURE(vectorised, log, [](simd::Vec x) { return simd::log(x); });
BENCHMARK_CAPTURE(vectorised, sigmoid, [](simd::Vec x) { return simd::sigmoid(x); });
BENCHMARK_CAPTURE(vectorised, tanh, [](simd::Vec x) { return simd::tanh(x); });

template <class F>
void standard(benchmark::State& state, F f) {
  const std::vector<Real> x = random_inputs();
  std::vector<Real> y(x.size());
  for (auto _ : state) {
    for (std::size_t k = 0; k < x.size(); ++k) y[k] = f(x[k]);
    benchmark::ClobberMemory();
  }
  report(state, x.size());
}
BENCHMARK_CAPTURE(standard, exp, [](Real x) { return std::exp(x); });
BENCHMARK_CAPTURE(standard, tanh, [](Real x) { return std::tanh(x); });

}  // namespace
}  // namespace l2l::bench
