#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/ops.h"
#include "nn/random.h"
#include "optim/learned/fast/coordinate_blocks.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/learned/fast/fused_unroll.h"
#include "optim/learned/models.h"
#include "optim/learned/unroll.h"
#include "tests/bench/peak.h"

// Times are per coordinate and step. Work is counted as the mathematics asks for it: what is computed twice to save
// memory counts once.

namespace l2l::bench {
namespace {

constexpr int kUnroll = 20;

CoordinateModel model_of(const benchmark::State& state) {
  return CoordinateModel({.layers = static_cast<int>(state.range(1)), .hidden = static_cast<int>(state.range(2))});
}

/// FLOPs of the matrix products of one step of one coordinate: forward, and backward (the gradients of the weights, and
/// of all inputs but the features).
struct Work {
  double forward = 0, backward = 0;

  explicit Work(const CoordinateModel& model) {
    const double H = model.config().hidden;
    double below = model.config().preprocess.features();
    for (int l = 0; l < model.config().layers; ++l, below = H) {
      forward += 2 * 4 * H * (below + H);
      backward += 2 * 4 * H * (below + H) + 2 * 4 * H * ((l == 0 ? 0 : below) + H);
    }
    forward += 2 * H;
    backward += 4 * H;
  }
};

/// Runs `f` as often as the benchmark wants, and reports the time of each of its coordinate-steps, and its share of
/// one core's sgemm peak (also where several cores work).
template <class F>
void measure(benchmark::State& state, double coordinate_steps, double flops, F f) {
  const double peak = sgemm_peak();
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) f();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const double each = time.count() / (static_cast<double>(state.iterations()) * coordinate_steps);
  state.counters["ns"] = each * 1e9;
  state.counters["of_peak"] = flops / each * 1e-9 / peak;
}

std::vector<Real> random(std::size_t n, double scale) {
  std::vector<Real> x(n);
  Rng rng(1);
  rng.fill_normal(x, 0, scale);
  return x;
}

std::vector<Real> random_phi(const CoordinateModel& model) { return random(model.layout().size(), 0.2); }

/// A step of the trained optimizer.
void lstm_forward(benchmark::State& state) {
  const CoordinateModel model = model_of(state);
  const Index n = state.range(0);
  CoordinateBlocks blocks(model, static_cast<int>(state.range(3)));
  blocks.set_weights(random_phi(model));
  blocks.reset(Layout::flat(n));
  const std::vector<Real> gradient = random(n, 0.01);
  std::vector<Real> theta(n);
  measure(state, static_cast<double>(n), Work(model).forward,
          [&] { blocks.step(gradient.data(), theta.data(), theta.data()); });
}

/// A step of every row of the zoo, with its features, for the parameters of the network of `mnist`.
void model_step(benchmark::State& state) {
  const NamedModel& row = models()[state.range(0)];
  state.SetLabel(row.name);
  Layout layout;
  layout.add("weight_0", {20, 784}, "", Parameter::Kind::linear_map);
  layout.add("bias_0", {20});
  layout.add("weight_1", {10, 20}, "", Parameter::Kind::linear_map);
  layout.add("bias_1", {10});
  const CoordinateModel model(row.config);
  CoordinateOptimizer optimizer(model, random_phi(model), 1);
  optimizer.reset(layout);
  const Index n = layout.size();
  const std::vector<Real> gradient = random(n, 0.01);
  std::vector<Real> theta(n);
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) optimizer.step(gradient, theta);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  state.counters["ns"] = time.count() * 1e9 / (static_cast<double>(state.iterations()) * static_cast<double>(n));
}

/// An unroll of 20 steps on the outer tape, and its backward pass.
void lstm_unroll(benchmark::State& state, std::unique_ptr<UnrollRecorder> (*make)(const CoordinateModel&, int)) {
  const CoordinateModel model = model_of(state);
  const Index n = state.range(0);
  const auto recorder = make(model, static_cast<int>(state.range(3)));
  recorder->reset(Layout::flat(n));
  const std::vector<Real> gradient = random(n, 0.01);
  const std::vector<Real> phi = random_phi(model), start(n);
  std::vector<Real> meta_gradient(phi.size());
  Tape tape;
  const Work work(model);
  measure(state, static_cast<double>(n) * kUnroll, work.forward + work.backward, [&] {
    tape.clear();
    std::fill(meta_gradient.begin(), meta_gradient.end(), Real(0));
    recorder->open(tape.leaf({static_cast<Index>(phi.size())}, phi.data(), meta_gradient.data()));
    Var theta = tape.constant({n}, start);
    for (int t = 0; t < kUnroll; ++t) theta = recorder->step(theta, gradient);
    tape.backward(known_gradient(theta, Real(0), gradient));
  });
}

void fused(benchmark::State& state) { lstm_unroll(state, make_fused_recorder); }
void composed(benchmark::State& state) {
  lstm_unroll(state, [](const CoordinateModel& model, int) { return make_composed_recorder(model); });
}

const std::vector<std::string> kNames = {"coordinates", "layers", "hidden", "threads"};
BENCHMARK(lstm_forward)->ArgNames(kNames)->Args({15910, 2, 20, 1})->Args({15910, 2, 20, 2})->UseRealTime();
BENCHMARK(model_step)->ArgName("row")->DenseRange(0, static_cast<int>(models().size()) - 1)->UseRealTime();
BENCHMARK(fused)
    ->ArgNames(kNames)
    ->Args({15910, 2, 20, 1})
    ->Args({15910, 2, 20, 2})
    ->Args({1280, 2, 20, 1})
    ->Args({1280, 2, 20, 2})
    ->Args({15910, 1, 20, 1})
    ->Args({15910, 2, 32, 1})
    ->Args({4096, 4, 64, 1})
    ->UseRealTime();
BENCHMARK(composed)->ArgNames(kNames)->Args({15910, 2, 20, 1})->UseRealTime();

}  // namespace
}  // namespace l2l::bench
