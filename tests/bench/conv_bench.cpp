#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "autodiff/images/ops.h"
#include "autodiff/ops.h"
#include "nn/random.h"
#include "tests/bench/peak.h"

namespace l2l::bench {
namespace {

/// Arrays of an op, and a tape that is reused.
struct Array {
  Shape shape;
  std::vector<Real> value, grad;

  explicit Array(const Shape& shape) : shape(shape), value(shape.size()), grad(shape.size()) {
    Rng rng(1);
    rng.fill_normal(value, 0, 1);
  }
  Var on(Tape& tape, bool differentiated) {
    return tape.leaf(shape, value.data(), differentiated ? grad.data() : nullptr);
  }
};

/// The backward pass of y alone: the loss is the sum of an empty slice of it.
void backward(Tape& tape, Var y) { tape.backward(sum(slice(reshape(y, {y.size()}), 0, 0))); }

enum Pass { forward, data, weights };

/// One pass of a 3x3 convolution: GFLOP/s by the definition, and the share of one core's sgemm peak.
void conv(benchmark::State& state, Pass pass) {
  const Index N = state.range(0), C = state.range(1), O = state.range(2), side = state.range(3);
  Array x({N, C, side, side}), weight({O, C, 3, 3}), bias({O});
  Tape tape;
  tape.set_threads(static_cast<int>(state.range(4)));
  const double peak = sgemm_peak();
  double seconds = 0;
  for (auto _ : state) {
    tape.clear();
    auto start = std::chrono::steady_clock::now();
    const Var y = conv2d(x.on(tape, pass == data), weight.on(tape, pass == weights), bias.on(tape, false), 1, 1);
    if (pass != forward) {
      start = std::chrono::steady_clock::now();
      backward(tape, y);
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
    seconds += time.count();
  }
  const double flops = 2.0 * 9 * static_cast<double>(N * C * O * side * side * state.iterations());
  state.counters["GFLOP/s"] = flops / seconds * 1e-9;
  state.counters["of_peak"] = flops / seconds * 1e-9 / peak;
}
void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"N", "C", "O", "side", "threads"})->UseManualTime()->Unit(benchmark::kMicrosecond);
  for (const int threads : {1, 2}) {
    bench->Args({128, 3, 16, 32, threads});  // the convolutions of a small classifier
    bench->Args({128, 16, 16, 16, threads});
    bench->Args({128, 16, 16, 8, threads});
    bench->Args({1, 64, 64, 64, threads});  // of VGG-19, for one picture
    bench->Args({1, 128, 128, 32, threads});
    bench->Args({1, 256, 256, 16, threads});
    bench->Args({1, 256, 512, 8, threads});
  }
}
BENCHMARK_CAPTURE(conv, forward, forward)->Apply(shapes);
BENCHMARK_CAPTURE(conv, data, data)->Apply(shapes);
BENCHMARK_CAPTURE(conv, weights, weights)->Apply(shapes);

/// Batch normalisation, ReLU and pooling, forward and backward, after all three convolutions of the classifier.
void norm_relu_pool(benchmark::State& state, Var (*op)(Var, Var, Var)) {
  Array images[] = {Array({128, 16, 32, 32}), Array({128, 16, 16, 16}), Array({128, 16, 8, 8})};
  Array gain({16}), bias({16});
  Tape tape;
  tape.set_threads(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    for (Array& x : images) {
      tape.clear();
      backward(tape, op(x.on(tape, true), gain.on(tape, true), bias.on(tape, true)));
    }
  }
}
Var fused(Var x, Var gain, Var bias) { return batch_norm_relu_max_pool(x, gain, bias); }
Var composed(Var x, Var gain, Var bias) { return max_pool2d(relu(batch_norm(x, gain, bias)), 2); }
BENCHMARK_CAPTURE(norm_relu_pool, fused, fused)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(norm_relu_pool, composed, composed)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace l2l::bench
