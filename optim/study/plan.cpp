#include "optim/study/plan.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "optim/learned/fast/coordinate_optimizer.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "autodiff/ops.h"
#include "optim/groups.h"
#include "optim/learned/parameter_features.h"

namespace l2l {
namespace {

/// f(θ) = 1, which itself takes no memory, with any number of coordinates, in the groups of another layout and about
/// in the same proportions.
class Flat : public Function {
 public:
  Flat(const Layout& other, Index n) {
    double share = 0;
    for (const std::string& group : other.groups()) {
      for (const Layout::Range& range : other.ranges(group)) share += static_cast<double>(range.count) / other.size();
      const Index end = std::llround(share * static_cast<double>(n));
      layout_.add("theta." + group, {end - layout_.size()}, group);
    }
  }
  const Layout& layout() const override { return layout_; }
  void init(Rng&, std::span<Real> theta) const override { std::fill(theta.begin(), theta.end(), Real(0)); }
  Var loss(Tape&, Var theta) override { return sum(slice(theta, 0, 0)) + Real(1); }

 private:
  Layout layout_;
};

/// An epoch of one unroll of `steps` steps and no validation but that of the starting point.
MetaTrainConfig one_unroll(MetaTrainConfig config, int steps) {
  if (steps != config.unroll) config.weights.clear();
  config.steps = config.unroll = steps;
  config.first_steps = 0;
  if (config.imitated) {  // an imitation, and not by chance
    config.imitation_share = 1;
    config.log_loss = false;
  }
  config.epochs = config.validate_every = std::numeric_limits<int>::max();
  config.validation_functions = 1;
  return config;
}

/// Bytes that malloc has given out.
std::size_t allocated_bytes() {
#ifdef __GLIBC__
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

/// The function with the most coordinates of some that are drawn: in an ensemble they differ.
std::unique_ptr<Function> draw_largest(const Family& family, Rng& rng, std::uint64_t seed) {
  constexpr std::uint64_t kDraws = 16;
  std::uint64_t largest = 0;
  Index most = -1;
  for (std::uint64_t k = 0; k < kDraws; ++k) {
    rng = Rng(seed, k);
    const Index n = family(rng, Split::train)->layout().size();
    if (n > most) most = n, largest = k;
  }
  rng = Rng(seed, largest);
  return family(rng, Split::train);
}

/// Bytes of the tape on which a function is evaluated.
std::size_t inner_tape_bytes(const Family& family, std::uint64_t seed) {
  Rng rng(0);
  const std::unique_ptr<Function> f = draw_largest(family, rng, seed);
  std::vector<Real> theta(f->layout().size());
  f->init(rng, theta);
  f->next_batch(rng);
  Evaluation evaluation;
  evaluation(*f, theta);
  evaluation(*f, theta);  // in the second round an arena holds exactly what it needs
  return evaluation.bytes() - theta.size() * sizeof(Real);
}

/// Bytes of all trajectories with n coordinates each, their inner tapes apart.
std::size_t trajectory_bytes(const OptimizerModel& model, const MetaTrainConfig& config, const Layout& layout, Index n,
                             int steps) {
  const Family flat([&layout, n](Rng&, Split) { return std::make_unique<Flat>(layout, n); });
  MetaTrainer trainer(model, flat, one_unroll(config, steps));
  trainer.run_epoch();
  trainer.run_epoch();  // twice, as above
  return trainer.bytes() - config.functions * inner_tape_bytes(flat, config.seed);
}

/// f(x) of a linear f, from f(first) and f(2 first).
double extrapolate(Index first, double at_first, double at_second, Index x) {
  return at_first + (at_second - at_first) * static_cast<double>(x - first) / static_cast<double>(first);
}

/// Steps of an unroll that is recorded to see what a long one takes: a plan must not take what it only predicts.
constexpr int kShort = 32;

}  // namespace

MetaPlan plan_memory(const OptimizerModel& model, const Family& family, const MetaTrainConfig& config) {
  MetaPlan plan;
  const std::size_t before = allocated_bytes();
  Rng rng(0);
  const std::unique_ptr<Function> f = draw_largest(family, rng, config.seed);
  const std::size_t function = allocated_bytes() - before;
  const Index n = plan.coordinates = f->layout().size();
  plan.weights = model.layout().size();

  // Enough that what does not depend on n is all there, such as the sums over slabs of blocks in fused_unroll.cpp.
  constexpr Index kSmall = 4096;
  const auto of_length = [&](int steps) {
    const auto bytes = [&](Index count) {
      return static_cast<double>(trajectory_bytes(model, config, f->layout(), count, steps));
    };
    return n <= 2 * kSmall ? bytes(n) : extrapolate(kSmall, bytes(kSmall), bytes(2 * kSmall), n);
  };
  const double unroll = config.unroll <= 2 * kShort
                            ? of_length(config.unroll)
                            : extrapolate(kShort, of_length(kShort), of_length(2 * kShort), config.unroll);
  plan.unroll_bytes = static_cast<std::size_t>(unroll);

  const std::size_t vectors = 2 * n * sizeof(Real);  // θ and ∇f
  const std::size_t inner_tape = inner_tape_bytes(family, config.seed);
  const Groups groups(f->layout(), model.groups());
  std::size_t states = 0;
  for (Index k = 0; k < groups.count(); ++k) {
    const CoordinateModel* learned = model.parts()[k].model();
    if (!learned) continue;
    const CoordinateConfig& c = learned->config();
    const Index rows = 1 + c.preprocess.parameter_rows();  // of a step: ∇, and what coordinates see of their parameters
    states += (c.state_numbers() + rows) * groups.size(k) * sizeof(Real);
    states += ParameterFeatures(c.preprocess, groups.layout(k)).bytes();
  }
  plan.function_tape_bytes = config.functions * inner_tape;
  const std::size_t validated = std::min(config.threads, config.validation_functions);  // at once
  plan.validation_bytes = validated * (inner_tape + vectors + states);
  plan.function_bytes = (config.functions + validated) * function;
  return plan;
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

MetaPace measure_pace(const OptimizerModel& model, const Family& family, const MetaTrainConfig& config,
                      const Clock& clock) {
  MetaPace pace;
  const int recorded = std::min(config.unroll, 2 * kShort);
  MetaTrainer trainer(model, family, one_unroll(config, recorded));
  trainer.run_epoch();
  // The mean of several, as far as they are quick: functions may differ.
  constexpr int kMaxEpochs = 16;
  constexpr double kEnough = 0.5;
  const double start = clock();
  int epochs = 0;
  do {
    trainer.run_epoch();
  } while (++epochs < kMaxEpochs && clock() - start < kEnough);
  pace.epoch = (clock() - start) / epochs * config.steps / recorded;

  const int steps = config.validation_steps ? config.validation_steps : config.steps;
  const int at_once = std::min(config.threads, config.validation_functions);
  const int rounds = (config.validation_functions + at_once - 1) / at_once;
  const auto optimizer = [&] { return make_optimizer(trainer.best()); };
  const auto seconds = [&](int length) {
    const double begin = clock();
    evaluate(optimizer, family,
             {.split = Split::validation, .functions = at_once, .steps = length, .threads = config.threads});
    return clock() - begin;
  };
  seconds(1);  // warm
  const int length = std::min(steps, recorded);
  pace.validation = seconds(length) * rounds * steps / length;
  return pace;
}

}  // namespace l2l
