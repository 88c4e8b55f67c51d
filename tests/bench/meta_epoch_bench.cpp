#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "optim/meta/meta_train.h"
#include "optimizees/registry.h"
#include "tests/bench/image_tasks.h"

namespace l2l::bench {
namespace {

/// f and ∇f at a point, the minibatch drawn anew each time.
void optimizee_gradient(benchmark::State& state, const std::string& name) {
  Rng rng(1);
  const std::unique_ptr<Function> f = make_optimizee(find_optimizee(name), {})(rng, Split::train);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  Evaluation evaluation;
  for (auto _ : state) {
    f->next_batch(rng);
    benchmark::DoNotOptimize(evaluation(*f, theta));
  }
}
BENCHMARK_CAPTURE(optimizee_gradient, quadratic, "quadratic");
BENCHMARK_CAPTURE(optimizee_gradient, mnist, "mnist");

/// Largest memory of this program up to now.
double peak_megabytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// A meta-epoch with validation left out.
void run_epochs(benchmark::State& state, const OptimizerModel& model, const Family& family, MetaTrainConfig config) {
  config.threads = static_cast<int>(state.range(0));
  config.epochs = config.validate_every = std::numeric_limits<int>::max();
  config.validation_functions = 1;
  MetaTrainer trainer(model, family, config);
  trainer.run_epoch();  // everything is allocated in the first one
  for (auto _ : state) trainer.run_epoch();
  state.counters["peak_MB"] = peak_megabytes();  // of all benchmarks before it too: choose one with a filter
}

/// A meta-epoch of `l2l train` with its defaults: 100 steps in unrolls of 20.
void meta_epoch(benchmark::State& state, const std::string& name) {
  const OptimizeeEntry& entry = find_optimizee(name);
  run_epochs(state, CoordinateModel(entry.optimizer), make_optimizee(entry, {}), entry.training);
}
BENCHMARK_CAPTURE(meta_epoch, quadratic, "quadratic")->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(meta_epoch, mnist, "mnist")->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

/// The same for the families of image_tasks.h.
void image_epoch(benchmark::State& state, Family (*task)(), OptimizerModel (*optimizer)()) {
  run_epochs(state, optimizer(), task(), {.learning_rate = 0.001});
}
BENCHMARK_CAPTURE(image_epoch, conv, conv_task, conv_task_optimizer)
    ->Name("meta_epoch/conv")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime();
BENCHMARK_CAPTURE(image_epoch, art, art_task, art_task_optimizer)
    ->Name("meta_epoch/art")
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime();

}  // namespace
}  // namespace l2l::bench
