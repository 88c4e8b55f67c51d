#include "optim/meta/meta_train.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "optim/groups.h"
#include "optim/learned/fast/lstm_optimizer.h"
#include "optim/learned/unroll.h"
#include "optim/meta/grouped_unroll.h"
#include "optim/rules.h"

namespace l2l {
namespace {

void check(const MetaTrainConfig& c) {
  const auto at_least_one = [](const char* name, int value) {
    if (value < 1) throw UsageError(name, " is ", value, ", it must be at least 1");
  };
  at_least_one("epochs", c.epochs);
  at_least_one("steps", c.steps);
  at_least_one("unroll", c.unroll);
  at_least_one("functions", c.functions);
  at_least_one("validate-every", c.validate_every);
  at_least_one("validation-functions", c.validation_functions);
  at_least_one("threads", c.threads);
  if (c.steps % c.unroll != 0) {
    throw UsageError("steps (", c.steps, ") must be a multiple of unroll (", c.unroll, ")");
  }
  if (c.first_steps < 0 || c.first_steps > c.steps) {
    throw UsageError("first-steps is ", c.first_steps, ", it must be from 0 to steps (", c.steps, ")");
  }
  if (!(c.learning_rate > 0)) throw UsageError("lr is ", c.learning_rate, ", it must be positive");
  if (!(c.discount >= 0 && c.discount <= 1)) throw UsageError("discount is ", c.discount, ", it must be from 0 to 1");
  if (!(c.final_rate >= 0)) throw UsageError("final-rate is ", c.final_rate, ", it must not be negative");
  if (c.validation_steps < 0) throw UsageError("validation-steps is ", c.validation_steps, ", it must not be negative");
  if (c.patience < 0) throw UsageError("patience is ", c.patience, ", it must not be negative");
  for (double w : c.weights) {
    if (!std::isfinite(w)) throw UsageError("weight ", w, " of a loss, it must be finite");
  }
  if (c.imitated) {
    find_rule(c.imitated->name);
    if (!(c.imitated->learning_rate > 0)) {
      throw UsageError("the rate of ", c.imitated->name, " is ", c.imitated->learning_rate, ", it must be positive");
    }
  }
  if (!(c.clip >= 0)) throw UsageError("clip is ", c.clip, ", it must not be negative");
  if (!c.weights.empty() && static_cast<int>(c.weights.size()) != c.unroll + 1) {
    throw UsageError(c.weights.size(), " weights given, an unroll of ", c.unroll, " steps has ", c.unroll + 1,
                     " losses");
  }
}

/// Of what an epoch ends with.
void check_finite(const Layout& layout, std::span<const Real> x, const char* what, int epoch) {
  if (const std::string name = layout.first_not_finite(x); !name.empty()) {
    throw Error("meta-training diverged in epoch ", epoch, ": ", what, " '", name,
                "' is not finite; a lower --lr, or a --clip, may help");
  }
}

}  // namespace

struct MetaTrainer::Workspace {
  /// A function of the family with a trajectory on it.
  struct Trajectory {
    std::unique_ptr<Optimizee> f;
    std::unique_ptr<UnrollRecorder> recorder;
    std::vector<Real> theta;
    Gradient gradient;  // ∇f at theta, which the next unroll begins with
    double loss = 0;  // f at theta, per function
    std::unique_ptr<Optimizer> imitated;  // if one is
    std::vector<Real> proposal;  // workspace
  };

  std::vector<Trajectory> trajectories;
  Tape tape;  // the outer one; the inner tapes are inside `Gradient`
  std::vector<Real> phi, meta_gradient;
  Adam adam{0};
  Rng rng{0};
  double loss_sum = 0, error_sum = 0;  // over the epoch's steps and functions

  /// f and ∇f at theta, on a fresh minibatch.
  void evaluate(Trajectory& run, std::span<const Real> theta, int epoch, int step) {
    run.f->next_batch(rng);
    run.loss = run.gradient(*run.f, theta) / static_cast<double>(run.f->functions());
    if (!std::isfinite(run.loss)) {
      throw Error("meta-training diverged in epoch ", epoch, ": the loss of the optimizee is ", run.loss, " at step ",
                  step, "; a lower --lr or --scale may help");
    }
  }

  void start(Trajectory& run, int epoch) {
    run.f->sample(rng, Split::train);
    run.theta.resize(run.f->layout().size());
    run.f->init(rng, run.theta);
    run.recorder->reset_for(run.f->layout());
    if (run.imitated) run.imitated->reset_for(run.f->layout());
    evaluate(run, run.theta, epoch, 0);
  }

  /// ‖u - u*‖² / (2 ‖u*‖²) of the step from θ to `next`, where the imitated rule would take u*. (0 if it stays.)
  Var imitation_error(Trajectory& run, std::span<const Real> theta, Var next) {
    std::vector<Real>& difference = run.proposal;
    difference.assign(theta.begin(), theta.end());
    run.imitated->step(run.gradient.values(), difference);  // θ + u*
    double squares = 0, squared_error = 0;
    for (std::size_t k = 0; k < theta.size(); ++k) {
      squares += std::pow(static_cast<double>(difference[k]) - theta[k], 2);
      difference[k] = next.value[k] - difference[k];
      squared_error += std::pow(static_cast<double>(difference[k]), 2);
    }
    const double scale = squares > 0 ? 1 / squares : 0;
    for (Real& d : difference) d *= static_cast<Real>(scale);
    error_sum += scale * squared_error;
    return known_gradient(next, static_cast<Real>(scale * squared_error / 2), difference);
  }

  /// Adds ∂/∂φ of `share` · Σ_t w_t f(θ_t) over one unroll, or of `share` · E, to the meta-gradient, and moves the
  /// trajectory to its end.
  void unroll(Trajectory& run, const MetaTrainConfig& config, double share, int epoch, int first_step) {
    tape.clear();
    const Index n = static_cast<Index>(run.theta.size());
    run.recorder->open(tape.leaf({static_cast<Index>(phi.size())}, phi.data(), meta_gradient.data()));
    const auto weighted_loss = [&](Var theta, int t) {
      const double w =
          share / static_cast<double>(run.f->functions()) * (config.weights.empty() ? 1 : config.weights[t]);
      return static_cast<Real>(w) * known_gradient(theta, static_cast<Real>(run.loss), run.gradient.values());
    };
    Var theta = tape.constant({n}, run.theta);
    // What an imitated update leads to does not matter.
    const double discount = run.imitated ? 0 : config.discount;
    Var meta_loss = run.imitated ? tape.constant({}, Real(0)) : weighted_loss(theta, 0);
    for (int t = 1; t <= config.unroll; ++t) {
      if (discount != 1) theta = scale_gradient(theta, static_cast<Real>(discount));
      const Var next = run.recorder->step(theta, run.gradient.values());
      if (run.imitated) {
        const Var error = imitation_error(run, theta.values(), next);
        meta_loss = meta_loss + static_cast<Real>(share / config.unroll) * error;
      }
      theta = next;
      evaluate(run, theta.values(), epoch, first_step + t);
      if (!run.imitated) meta_loss = meta_loss + weighted_loss(theta, t);
      loss_sum += run.loss;
    }
    tape.backward(meta_loss);
    std::copy(theta.values().begin(), theta.values().end(), run.theta.begin());
  }
};

MetaTrainer::MetaTrainer(const OptimizerModel& model, OptimizeeFactory optimizee, const MetaTrainConfig& config)
    : model_(model), optimizee_(std::move(optimizee)), config_(config), work_(std::make_unique<Workspace>()) {
  check(config);
  const Index size = model.layout().size();
  Workspace& work = *work_;
  work.meta_gradient.resize(size);
  work.adam.reset(size);
  work.trajectories = std::vector<Workspace::Trajectory>(config.functions);  // in place: a tape cannot be moved
  for (Workspace::Trajectory& run : work.trajectories) {
    run.f = optimizee_();
    run.recorder = make_recorder(model, config.fused, config.threads);
    Groups(run.f->layout(), model.groups());  // an Error now, and not after the first validation, if they do not fit
    run.gradient.set_threads(config.threads);
    if (config.imitated) run.imitated = find_rule(config.imitated->name).make(config.imitated->learning_rate);
  }
  work.rng = Rng(config.seed);
  state_.phi.resize(size);
  model.init(work.rng, state_.phi);
  state_.best_phi = state_.phi;
  state_.adam = work.adam.state();
  state_.random = work.rng.state();
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
  work.rng.set_state(state_.random);
  for (Workspace::Trajectory& run : work.trajectories) work.start(run, report.epoch);
  work.loss_sum = work.error_sum = 0;
  report.steps = trajectory_steps();
  const int unrolls = report.steps / config_.unroll;
  for (int u = 0; u < unrolls; ++u) {
    std::fill(work.meta_gradient.begin(), work.meta_gradient.end(), Real(0));
    for (Workspace::Trajectory& run : work.trajectories) {
      work.unroll(run, config_, 1.0 / config_.functions, report.epoch, u * config_.unroll);
    }
    const double length = norm(work.meta_gradient);
    if (!std::isfinite(length)) {
      const std::string name = model_.layout().first_not_finite(work.meta_gradient);  // none if only squares overflow
      throw Error("meta-training diverged in epoch ", report.epoch, ", unroll ", u + 1, ": ",
                  name.empty() ? "the norm of the gradient" : "the gradient of the optimizer's '" + name + "'",
                  " is not finite; a lower --lr may help");
    }
    report.gradient_norm += length / unrolls;
    if (config_.clip > 0 && length > config_.clip) {
      for (Real& g : work.meta_gradient) g *= static_cast<Real>(config_.clip / length);
    }
    work.adam.step(work.meta_gradient, work.phi);
  }
  check_finite(model_.layout(), work.phi, "the optimizer's", report.epoch);
  // A square that overflows would keep its weight where it is from now on.
  check_finite(model_.layout(), work.adam.state().v, "the second moment of the optimizer's", report.epoch);
  report.meta_loss = work.loss_sum / (report.steps * config_.functions);
  report.deviation = std::sqrt(work.error_sum / (report.steps * config_.functions));
  for (const Workspace::Trajectory& run : work.trajectories) report.final_loss += run.loss / config_.functions;

  if (report.epoch % config_.validate_every == 0 || report.epoch == config_.epochs) {
    report.validated = true;
    report.validation = validate(work.phi, config_.validation_steps ? config_.validation_steps : config_.steps);
  }

  state_.epoch = report.epoch;
  state_.phi = work.phi;
  state_.adam = work.adam.state();
  state_.random = work.rng.state();
  if (report.validated) {
    report.best = config_.imitated || report.validation < state_.best_validation;
    if (report.best) {
      state_.best_validation = report.validation;
      state_.best_phi = state_.phi;
    }
    state_.validations_since_best = report.best ? 0 : state_.validations_since_best + 1;
  }
  return report;
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

/// Mean loss of the frozen optimizer after `steps` steps on the validation functions, the same ones every time.
double MetaTrainer::validate(const std::vector<Real>& phi, int steps) const {
  const EvaluateOptions options{.split = Split::validation,
                                .functions = config_.validation_functions,
                                .steps = steps,
                                .seed = config_.seed,
                                .threads = config_.threads};
  const auto optimizer = [&] { return make_optimizer({model_, phi}); };
  return evaluate(optimizer, optimizee_, options).mean(steps);
}

std::size_t MetaTrainer::bytes() const {
  std::size_t total = work_->tape.bytes_held();
  for (const Workspace::Trajectory& run : work_->trajectories) {
    total +=
        run.recorder->bytes() + run.gradient.bytes() + (run.theta.capacity() + run.proposal.capacity()) * sizeof(Real);
  }
  return total;
}

Outcome judge(double start, double reached, double blind) {
  if (!std::isfinite(reached)) return Outcome::diverged;
  if (reached > 1.5 * start) return Outcome::made_worse;
  return reached > 0.95 * start || reached > 0.99 * blind ? Outcome::did_nothing : Outcome::learned;
}

std::string MetaTrainer::complaint() const {
  const double best = state_.best_validation, start = state_.start_validation;
  const double blind = work_->trajectories.front().f->blind_loss();
  if (!std::isfinite(best) && state_.validations_since_best == 0) return "";  // there was no validation yet
  std::ostringstream text;
  switch (judge(start, best, blind)) {
    case Outcome::learned: break;
    case Outcome::diverged:
      text << "the optimizer diverged in every validation; a lower --lr or --scale may help";
      break;
    case Outcome::made_worse:
      text << "the optimizer makes things worse: loss goes from " << start << " to " << best
           << "; a lower --lr or --scale may help";
      break;
    case Outcome::did_nothing:
      text << "the optimizer learned to do nothing: loss stays at " << best;
      if (std::isfinite(blind)) text << ", and a blind guess has " << blind << " (ln " << std::exp(blind) << ")";
      text << "; another --lr or --seed may help";
  }
  return text.str();
}

}  // namespace l2l
