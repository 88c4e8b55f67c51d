#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "autodiff/kernels/blas.h"
#include "nn/random.h"
#include "tests/bench/peak.h"

namespace l2l::bench {
namespace {

/// C = A B with random A: [M, K], B: [K, N].
struct Product {
  Index M, N, K;
  std::vector<Real> A, B, C;

  Product(Index M, Index N, Index K) : M(M), N(N), K(K), A(M * K), B(K * N), C(M * N) {
    Rng rng(1);
    rng.fill_normal(A, 0, 1);
    rng.fill_normal(B, 0, 1);
  }
  void run() { blas::gemm(Trans::no, Trans::no, M, N, K, A.data(), K, B.data(), N, 0, C.data(), N); }
  double flops() const { return 2.0 * static_cast<double>(M) * static_cast<double>(N) * static_cast<double>(K); }
};

void matmul(benchmark::State& state) {
  Product product(state.range(0), state.range(1), state.range(2));
  for (auto _ : state) product.run();
  state.counters["GFLOP/s"] = benchmark::Counter(product.flops() * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(matmul)
    ->ArgNames({"M", "N", "K"})
    ->Args({512, 512, 512})
    ->Args({128, 20, 784})  // a batch of images through the first layer of the network
    ->Args({20, 784, 128})  // the gradient of that layer's weights
    ->Args({128, 10, 20})
    ->Args({80, 48, 40})  // the gates of a block of the LSTM, if BLAS computed them
    ->Args({80, 15910, 40});

}  // namespace

double sgemm_peak() {
  Product product(512, 512, 512);
  double best = 0;
  for (int k = 0; k < 40; ++k) {
    const auto start = std::chrono::steady_clock::now();
    product.run();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, product.flops() / time.count() * 1e-9);
  }
  return best;
}

}  // namespace l2l::bench
