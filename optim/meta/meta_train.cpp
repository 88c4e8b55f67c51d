#include "optim/meta/meta_train.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <string>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/groups.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/meta/grouped_unroll.h"
#include "optim/meta/objective.h"
#include "optim/schedule.h"
#include "optim/team.h"

namespace l2l {
namespace {

/// Throws if φ or a moment is not finite after an epoch.
void check_finite(const Layout& layout, std::span<const Real> x, const char* what, int epoch) {
  if (const std::string name = layout.first_not_finite(x); !name.empty()) {
    throw Diverged("meta-training diverged in epoch ", epoch, ": ", what, " '", name, "' is not finite");
  }
}

}  // namespace

struct MetaTrainer::Workspace {
  /// The learner on a function of the family.
  struct Learner {
    Trajectory trajectory;
    std::unique_ptr<UnrollRecorder> recorder;
    std::unique_ptr<Objective> objective;
    Rng rng{0};
    double loss_sum = 0;  // over the epoch's steps

    Learner(const OptimizerModel& model, const MetaTrainConfig& config)
        : trajectory(config.threads),
          recorder(make_recorder(model, config.fused, config.threads)),
          objective(make_objective(config)) {}
  };

  std::map<int, Learner> learners;  // by the number of their function: those of this process (see optim/team.h)
  Tape tape;  // the outer one; the inner tapes are in the trajectories
  std::vector<Real> phi, gradient, meta_gradient;  // gradient: of one function
  Adam adam{0};

  static void evaluate(Learner& learner, int epoch, int step) {
    const double loss = learner.trajectory.evaluate(learner.rng);
    if (!std::isfinite(loss)) {
      throw Diverged("meta-training diverged in epoch ", epoch, ": the loss is ", loss, " at step ", step);
    }
  }

  static void start(Learner& learner, const Family& family, const Rng& rng, int epoch) {
    learner.rng = rng;
    learner.trajectory.start(family, learner.rng, Split::train);
    learner.recorder->reset(learner.trajectory.layout());
    learner.objective->reset(learner.trajectory.layout(), learner.rng);
    learner.loss_sum = 0;
    evaluate(learner, epoch, 0);
  }

  /// One unroll: θ_{t+1} = θ_t + u_t for t = 0 … steps - 1. Sets `gradient` to ∂objective/∂φ, and moves the trajectory
  /// to the end.
  void unroll(Learner& learner, int steps, int epoch, int first_step) {
    auto& [trajectory, recorder, objective, rng, loss_sum] = learner;
    tape.clear();
    std::ranges::fill(gradient, Real(0));
    recorder->open(tape.leaf({static_cast<Index>(phi.size())}, phi.data(), gradient.data()));
    Var theta = tape.constant({trajectory.layout().size()}, trajectory.theta());
    Var meta_loss = objective->term(0, theta, trajectory);
    for (int t = 1; t <= steps; ++t) {
      theta = recorder->step(objective->before_step(theta, trajectory), trajectory.gradient());
      std::ranges::copy(theta.values(), trajectory.theta().begin());
      evaluate(learner, epoch, first_step + t);
      meta_loss = meta_loss + objective->term(t, theta, trajectory);
      loss_sum += trajectory.loss();
    }
    tape.backward(meta_loss);
  }
};

MetaTrainer::MetaTrainer(const OptimizerModel& model, Family family, const MetaTrainConfig& config)
    : model_(model), family_(std::move(family)), config_(config), work_(std::make_unique<Workspace>()) {
  check(config);
  Groups(family_.example()->layout(), model.groups());  // an Error now, and not after the first validation
  const Index size = model.layout().size();
  Workspace& work = *work_;
  work.gradient.resize(size);
  work.meta_gradient.resize(size);
  work.adam.reset(model.layout());
  for (int k = 0; k < config.functions; ++k) {
    if (is_mine(k)) work.learners.try_emplace(k, model, config);  // in place: a tape cannot be moved
  }
  Rng rng(config.seed);
  state_.phi.resize(size);
  model.init(rng, state_.phi);
  state_.best_phi = state_.phi;
  state_.adam = work.adam.state();
  state_.random = rng.state();
  state_.best_validation = std::numeric_limits<double>::infinity();
}

MetaTrainer::~MetaTrainer() = default;

void MetaTrainer::resume(MetaTrainState state) {
  const std::size_t size = state_.phi.size();
  if (state.phi.size() != size || state.best_phi.size() != size || state.adam.m.size() != size ||
      state.adam.v.size() != size) {
    throw Error("resume: the state is of an optimizer with ", state.phi.size(), " weights, this one has ", size);
  }
  state_ = std::move(state);
}

bool MetaTrainer::done() const {
  return state_.epoch >= config_.epochs || (config_.patience > 0 && state_.validations_since_best >= config_.patience);
}

/// An unroll of each learner, and a step of ADAM along the mean of their meta-gradients. Returns its norm before it was
/// clipped. The gradients of all functions are added in their order, in every process.
double MetaTrainer::meta_step(int epoch, int first_step) {
  Workspace& work = *work_;
  const auto gradient_of = [&](int k, int) -> TaskResult {
    work.unroll(work.learners.at(k), config_.unroll, epoch, first_step);
    return {work.gradient.begin(), work.gradient.end()};
  };
  std::ranges::fill(work.meta_gradient, Real(0));
  for (const TaskResult& gradient : share_tasks(config_.functions, 1, gradient_of)) {
    for (std::size_t i = 0; i < gradient.size(); ++i) work.meta_gradient[i] += static_cast<Real>(gradient[i]);
  }
  const double length = norm(work.meta_gradient);
  if (!std::isfinite(length)) {
    const std::string name = model_.layout().first_not_finite(work.meta_gradient);  // none if only squares overflow
    throw Diverged("meta-training diverged in epoch ", epoch, ", unroll ", first_step / config_.unroll + 1, ": ",
                   name.empty() ? "the norm of the gradient" : "the gradient of the optimizer's '" + name + "'",
                   " is not finite");
  }
  if (config_.clip > 0 && length > config_.clip) {
    for (Real& g : work.meta_gradient) g *= static_cast<Real>(config_.clip / length);
  }
  work.adam.step(work.meta_gradient, work.phi);
  return length;
}

EpochReport MetaTrainer::run_epoch() {
  Workspace& work = *work_;
  EpochReport report;
  report.epoch = state_.epoch + 1;
  const double progress = static_cast<double>(state_.epoch) / config_.epochs;
  report.learning_rate = config_.learning_rate * cosine_decay(progress, config_.final_rate);
  work.adam.set_learning_rate(report.learning_rate);

  if (state_.epoch == 0) state_.start_validation = validate(state_.phi, 0);
  // Work on a copy, so that an exception in the middle leaves the state as it was after the epoch before.
  work.phi = state_.phi;
  work.adam.set_state(state_.adam);
  share_tasks(config_.functions, 1, [&](int k, int) -> TaskResult {
    work.start(work.learners.at(k), family_, function_stream(k), report.epoch);
    return {};
  });
  report.steps = trajectory_steps();
  const int unrolls = report.steps / config_.unroll;
  for (int u = 0; u < unrolls; ++u) report.gradient_norm += meta_step(report.epoch, u * config_.unroll) / unrolls;
  check_finite(model_.layout(), work.phi, "the optimizer's", report.epoch);
  // A square that overflows would keep its weight where it is from now on.
  check_finite(model_.layout(), work.adam.state().v, "the second moment of the optimizer's", report.epoch);
  double loss_sum = 0, squared_error = 0;
  int imitating = 0;
  const auto ends = share_tasks(config_.functions, 1, [&](int k, int) -> TaskResult {
    const Workspace::Learner& learner = work.learners.at(k);
    const std::optional<double> error = learner.objective->squared_error();
    return {learner.loss_sum, learner.trajectory.loss(), static_cast<double>(error.has_value()), error.value_or(0)};
  });
  for (const TaskResult& end : ends) {
    loss_sum += end[0];
    report.final_loss += end[1] / config_.functions;
    imitating += static_cast<int>(end[2]);
    squared_error += end[3];
  }
  report.meta_loss = loss_sum / (report.steps * config_.functions);
  if (imitating > 0) report.deviation = std::sqrt(squared_error / (report.steps * imitating));

  if (report.epoch % config_.validate_every == 0 || report.epoch == config_.epochs) {
    report.validated = true;
    report.validation = validate(work.phi, validation().steps);
  }

  state_.epoch = report.epoch;
  state_.phi = work.phi;
  state_.adam = work.adam.state();
  if (is_mine(0)) state_.random = work.learners.at(0).rng.state();
  if (report.validated) {
    report.best = config_.imitates_only() || report.validation < state_.best_validation;
    if (report.best) {
      state_.best_validation = report.validation;
      state_.best_phi = state_.phi;
    }
    state_.validations_since_best = report.best ? 0 : state_.validations_since_best + 1;
  }
  return report;
}

/// Random numbers of function k in the present epoch, which do not depend on how many processes there are. Function 0
/// goes on with those of the epoch before, so that a training on one function at a time has a single stream.
Rng MetaTrainer::function_stream(int k) const {
  if (k > 0) {
    constexpr std::uint64_t kOthers = 0x66756e6374696f6e;  // no stream of other numbers of the same seed is near
    return Rng(config_.seed, kOthers + (static_cast<std::uint64_t>(state_.epoch) << 24) + k);
  }
  Rng rng(0);
  rng.set_state(state_.random);
  return rng;
}

/// Whole unrolls, from `first_steps` in the first epoch to `steps` in the last: a curriculum, for an optimizer that has
/// not learned much yet gains nothing from a long trajectory.
int MetaTrainer::trajectory_steps() const {
  if (config_.first_steps == 0 || config_.epochs == 1) return config_.steps;
  const double progress = std::min(1.0, static_cast<double>(state_.epoch) / (config_.epochs - 1));
  const double length =
      config_.first_steps * std::pow(static_cast<double>(config_.steps) / config_.first_steps, progress);
  const int unrolls = std::max(1, static_cast<int>(std::lround(length / config_.unroll)));
  return std::min(unrolls * config_.unroll, config_.steps);
}

EvaluateOptions MetaTrainer::validation() const {
  return {.split = Split::validation,
          .functions = config_.validation_functions,
          .steps = config_.validation_steps ? config_.validation_steps : config_.steps,
          .seed = config_.seed,
          .threads = config_.threads};
}

/// Mean loss of the frozen optimizer after `steps` steps on the validation functions, the same ones every time.
double MetaTrainer::validate(const std::vector<Real>& phi, int steps) const {
  EvaluateOptions options = validation();
  options.steps = steps;
  const auto optimizer = [&] { return make_optimizer({model_, phi}); };
  return evaluate(optimizer, family_, options).mean(steps);
}

std::size_t MetaTrainer::bytes() const {
  std::size_t total = work_->tape.bytes_held();
  for (const auto& [k, learner] : work_->learners) {
    total += learner.recorder->bytes() + learner.trajectory.bytes() + learner.objective->bytes();
  }
  return total;
}

Outcome MetaTrainer::outcome() const {
  if (!std::isfinite(state_.best_validation) && state_.validations_since_best == 0) return Outcome::learned;
  return classify(state_.start_validation, state_.best_validation, family_.chance_loss());
}

std::string MetaTrainer::failure_reason() const {
  std::ostringstream text;
  switch (outcome()) {
    case Outcome::learned: break;
    case Outcome::diverged: text << "the optimizer diverged in every validation"; break;
    case Outcome::made_worse:
      text << "the optimizer makes things worse: loss goes from " << state_.start_validation << " to "
           << state_.best_validation;
      break;
    case Outcome::did_nothing:
      text << "the optimizer learned to do nothing: loss stays at " << state_.best_validation;
      if (const double chance = family_.chance_loss(); std::isfinite(chance)) {
        text << ", and the loss at chance is " << chance << " (ln " << std::exp(chance) << ")";
      }
  }
  return text.str();
}

}  // namespace l2l
