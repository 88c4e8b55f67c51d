#include <benchmark/benchmark.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "optim/meta_train.h"
#include "optimizees/registry.h"

namespace l2l::bench {
namespace {

/// f and ∇f at a point, the minibatch drawn anew each time.
void optimizee_gradient(benchmark::State& state, const std::string& name) {
  const std::unique_ptr<Optimizee> f = make_optimizee(find_optimizee(name), {})();
  Rng rng(1);
  std::vector<Real> theta(f->layout().size());
  f->sample(rng, Split::train);
  f->init(rng, theta);
  Gradient gradient;
  for (auto _ : state) {
    f->next_batch(rng);
    benchmark::DoNotOptimize(gradient(*f, theta));
  }
}
BENCHMARK_CAPTURE(optimizee_gradient, quadratic, "quadratic");
BENCHMARK_CAPTURE(optimizee_gradient, mnist, "mnist");

/// A meta-epoch of `l2l train` with its defaults, validation left out: 100 steps in unrolls of 20.
void meta_epoch(benchmark::State& state, const std::string& name) {
  const OptimizeeEntry& entry = find_optimizee(name);
  MetaTrainConfig config = entry.training;
  config.threads = static_cast<int>(state.range(0));
  config.epochs = config.validate_every = std::numeric_limits<int>::max();
  config.validation_functions = 1;
  MetaTrainer trainer(LstmModel(entry.optimizer), make_optimizee(entry, {}), config);
  trainer.run_epoch();  // everything is allocated in the first one
  for (auto _ : state) trainer.run_epoch();
}
BENCHMARK_CAPTURE(meta_epoch, quadratic, "quadratic")->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK_CAPTURE(meta_epoch, mnist, "mnist")->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace l2l::bench
