#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <new>
#include <optional>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/plan.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/run/checkpoint.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/run/reference.h"
#include "examples/l2l/run/run_folder.h"
#include "examples/l2l/run/train_log.h"
#include "examples/l2l/trial.h"
#include "nn/files/atomic_file.h"
#include "optim/team.h"

namespace l2l {
namespace {

/// The log up to `epochs`, those of the checkpoint. Later lines are dropped, as their epochs are repeated.
TrainingLog read_log(const std::filesystem::path& path, int epochs) {
  try {
    TrainingLog log = read_training_log(path, epochs);
    if (const int found = static_cast<int>(log.losses.size()); found < epochs) throw Error("it has ", found);
    return log;
  } catch (const Error& error) {
    throw Error(path.string(), ": not the log of the ", epochs, " epochs in the checkpoint: ", error.what(),
                "; start again with --force");
  }
}

std::string resuming_call(const std::string& folder) {
  return "go on with: " + own_call({"train", "--resume", "--out", folder});
}

/// A training run and its folder.
class Run {
 public:
  Run(const RunFolder& folder, const RunConfig& config, const Family& optimizee, ReferenceWhen when)
      : folder_(folder),
        config_(config),
        optimizee_(optimizee),
        when_(when),
        model_(config.model()),
        trainer_(model_, optimizee, config.training) {}

  /// Starts a new run. Nothing is written until there is something to keep, so a training that fails before leaves
  /// nothing, and does not replace an older run. Whether the files can be written is checked here.
  void start() {
    config_text_ = config_text(config_);
    check_same("the settings of the training", config_text_);
    std::vector<NewFile> files = all_files();
    files.push_back({folder_.config(), config_text_});
    files.push_back(folder_.optimizer_file(trainer_.best(), config_text_));
    files.push_back({folder_.reference(), reference_json({})});
    check_writable(folder_.picture());
    check_room(files);
  }

  void resume() {
    config_text_ = read_text(folder_.config());
    check_same("the settings in " + folder_.config().string(), config_text_);
    kept_ = true;
    if (!std::filesystem::exists(folder_.checkpoint())) {
      if (!std::filesystem::exists(folder_.optimizer())) return;  // killed before its first checkpoint: starts again
      throw Error(folder_.checkpoint().string(),
                  ": is missing, so there is no training to continue; l2l refine starts from a trained optimizer");
    }
    MetaTrainState state = [&] {
      try {
        return load_checkpoint(folder_.checkpoint(), model_.layout(), config_text_, config_.training);
      } catch (const Error& error) {
        throw Error(error.what(), "; start again with --force, or from the optimizer that is there with l2l refine");
      }
    }();
    check_same("the numbers in " + folder_.checkpoint().string(),
               checkpoint_bytes(model_.layout(), state, config_text_));
    log_ = read_log(folder_.log(), state.epoch);
    trainer_.resume(std::move(state));
    if (when_ != ReferenceWhen::never) reference_ = kept_reference();
    reference_saved_ = reference_.has_value();
  }

  /// Trains until the end or an interrupt, also within an epoch, and keeps the folder up to date.
  void train() {
    try {
      run_epochs();
    } catch (const std::bad_alloc&) {
      if (!kept_) throw;
      throw Error("out of memory", how_to_go_on());
    }
  }

  /// Draws the learning curve, and prints what was written.
  void report() const {
    const bool drawn = epoch() > 0 && draw();
    if (const std::string why = trainer_.failure_reason(); !why.empty()) {
      const bool did_nothing = trainer_.outcome() == Outcome::did_nothing;
      std::fprintf(stderr, "l2l: warning: %s; %s\n", why.c_str(),
                   did_nothing ? "another --lr or --seed may help" : "a lower --lr or --scale may help");
    }
    if (has_result()) std::printf("trained optimizer  %s\n", folder_.optimizer().c_str());
    std::printf("configuration      %s\nlog                %s\n", folder_.config().c_str(), folder_.log().c_str());
    if (drawn) std::printf("picture            %s\n", folder_.picture().c_str());
    if (reference_ && has_result()) {
      std::printf("validation         %s: the optimizer %s, %s\n", at_step().c_str(),
                  short_text(trainer_.state().best_validation).c_str(), reference_text().c_str());
    }
    std::printf("peak memory        %s\n", megabytes(peak_memory()).c_str());
  }

  int epoch() const { return trainer_.state().epoch; }
  /// Whether there was a validation in which the optimizer did not diverge.
  bool has_result() const { return std::isfinite(trainer_.state().best_validation); }
  bool done() const { return trainer_.done(); }

 private:
  static std::string short_text(double x) { return format("%.4g", x); }
  std::string at_step() const { return format("loss at step %d", trainer_.validation().steps); }
  std::string reference_text() const { return "ADAM " + short_text(reference_->loss); }

  void run_epochs() {
    const MetaTrainConfig& c = config_.training;
    std::fprintf(stderr, "training %s on %s: %d epochs of %d steps, %s\n", learners(model_).c_str(),
                 family(config_.optimizee, config_.options).c_str(), c.epochs, c.steps,
                 workers(c.threads, c.functions, "functions").c_str());
    if (reference_) {
      std::fprintf(stderr, "reference: %s: %s\n", describe(*reference_).c_str(), short_text(reference_->loss).c_str());
    }
    if (kept_) save();  // before the work: checks that the folder can be written to
    StatusLine status;
    Pace pace(epoch(), c.epochs);
    std::string validation;
    bool referenced = reference_ || when_ == ReferenceWhen::never;
    while (!trainer_.done()) {
      const auto start = std::chrono::steady_clock::now();
      const std::optional<EpochReport> report = run_epoch();
      if (!report) break;
      log_.add(*report);
      if (!referenced) {
        const auto end = std::chrono::steady_clock::now();
        seek_reference(seconds_left(std::chrono::duration<double>(end - start).count(), report->steps), status);
        pace.leave_out(std::chrono::steady_clock::now() - end);
        referenced = true;
      }
      if (report->validated) {
        validation = "  validation " + short_text(report->validation) + " (best " +
                     short_text(trainer_.state().best_validation) + (reference_ ? ", " + reference_text() : "") + ")";
        if (has_result()) save_if_due();
      }
      std::string text = pace.after(epoch()) + "  meta-loss " + short_text(report->meta_loss);
      if (report->deviation) text += "  off by " + format("%.0f%%", 100 * *report->deviation);
      text += validation;
      trainer_.done() || interrupted() ? status.finish(text) : status.update(text);
    }
    if (!done() || has_result()) save();
  }

  /// Seconds until the end if all steps take as long as those of an epoch of so many.
  double seconds_left(double seconds, int steps) const {
    const MetaTrainConfig& c = config_.training;
    const double last = c.steps, first = c.first_steps > 0 ? c.first_steps : last;
    const double mean = first < last ? (last - first) / std::log(last / first) : last;  // of geometric growth
    return seconds / steps * mean * (c.epochs - epoch());
  }

  /// After an epoch, as one shows how long a training takes.
  void seek_reference(double training_seconds, StatusLine& status) {
    try {
      const double longest = longest_reference(when_, training_seconds);
      reference_ = measure_reference(optimizee_, trainer_.validation(), longest, status);
    } catch (const Interrupted&) {  // so will be the next epoch
    }
  }

  /// What the folder of a resumed run has, as the first process reads it.
  std::optional<Reference> kept_reference() const {
    Reference reference;
    const auto read = [&](int, int) -> TaskResult {
      if (!std::filesystem::exists(folder_.reference())) return {};
      try {
        reference = read_reference(folder_.reference(), trainer_.validation());
      } catch (const Error& error) {
        std::fprintf(stderr, "l2l: warning: %s; it is not shown\n", error_line(error.what()).c_str());
        return {};
      }
      return {reference.learning_rate, reference.loss};
    };
    const TaskResult kept = share_tasks(1, 1, read)[0];
    if (kept.empty()) return {};
    const EvaluateOptions validation = trainer_.validation();
    return Reference{kept[0], kept[1], validation.steps, validation.functions, validation.seed};
  }

  /// Nothing if it was interrupted: then the epoch does not count.
  std::optional<EpochReport> run_epoch() {
    try {
      return trainer_.run_epoch();
    } catch (const Interrupted&) {
      return {};
    } catch (const Error& error) {
      const bool diverged = dynamic_cast<const Diverged*>(&error) != nullptr;
      const std::string what = error.what() + std::string(diverged ? "; a lower --lr or --scale may help" : "");
      if (!kept_) throw Error(what);
      save_results();
      throw Error(what, has_result() ? "; the best before that is " + folder_.optimizer().string() : "",
                  "; start again with --force");  // resuming would end in the same way
    }
  }

  std::string how_to_go_on() const {
    return "; go on with " + own_call({"train", "--resume", "--out", folder_.path.string()}) +
           ", or start again with --force";
  }

  void save_results() const {
    write_file_atomically(folder_.log(), log_.text);
    if (has_result()) write_files_atomically({folder_.optimizer_file(trainer_.best(), config_text_)});
  }

  /// All but config.json. The optimizer is last: without it the run can be resumed, without a checkpoint it cannot.
  std::vector<NewFile> all_files() const {
    std::vector<NewFile> files = {{folder_.log(), log_.text}, {folder_.checkpoint(), checkpoint()}};
    if (reference_) files.push_back({folder_.reference(), reference_json(*reference_)});
    if (has_result()) files.push_back(folder_.optimizer_file(trainer_.best(), config_text_));
    return files;
  }

  std::string checkpoint() const { return checkpoint_bytes(model_.layout(), trainer_.state(), config_text_); }

  // The log first: a resumed run drops lines after the checkpoint, but cannot restore missing ones.
  void update() const {
    if (reference_ && !reference_saved_) write_file_atomically(folder_.reference(), reference_json(*reference_));
    save_results();
    write_file_atomically(folder_.checkpoint(), checkpoint());
  }

  void save() {
    try {
      kept_ ? update() : folder_.begin(config_, all_files());
      kept_ = true;
      reference_saved_ = reference_.has_value();
      tell_how_to_go_on(resuming_call(folder_.path.string()));
    } catch (const Error& error) {
      throw Error(error.what(), kept_ ? how_to_go_on() : "");
    }
  }

  // Not after every epoch: waiting for the disk may take longer than an epoch.
  void save_if_due() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_save_ < std::chrono::seconds(5)) return;
    save();
    last_save_ = now;
  }

  /// The validation whose weights are the result: the best one, or the last one of an imitation.
  std::optional<TrainingLog::Validation> kept_validation() const {
    const bool last = config_.training.imitates_only() && !log_.validations.empty();
    return last ? log_.validations.back() : log_.best();
  }

  /// All losses are those at the end of a trajectory.
  bool draw() const {
    const MetaTrainConfig& c = config_.training;
    const EvaluateOptions validation = trainer_.validation();
    const std::string steps = (c.first_steps > 0 ? std::to_string(c.first_steps) + " to " : "") + format("%d", c.steps);
    Commands more;
    if (reference_) {
      more += Commands(", ", reference_->loss, " with lines linewidth 2 dashtype 2 linecolor '", colour_of("adam"),
                       "' title ", Text(describe(*reference_)));
    }
    if (c.imitated) {  // on the same axis
      more += Commands(", $log using 1:7", curve_style(epoch()), "linewidth 1 linecolor '", colour_of(c.imitated->name),
                       "' title ", Text("deviation from the steps of " + c.imitated->name + " (relative to them)"));
    }
    if (const auto kept = kept_validation()) {
      more += Commands(", $kept using 1:2 with points pointtype 6 pointsize 2.2 linewidth 2 linecolor '#000000' title ",
                       Text(format("the result: %.4g, of epoch %d", kept->loss, kept->epoch)));
    }
    return plot(
        {"set title ", Text("Training an optimizer on " + config_.optimizee), "\nset xlabel 'meta-epoch'\nset ylabel ",
         c.imitated ? Commands("'loss at the last step, deviation'\n") : Commands("'loss at the last step'\n"),
         "set key inside right top\n"
         "set yrange [*:*] noextend\n"
         "set offsets 0, 0, graph 0.2, graph 0.05\n"
         "set datafile separator comma\n",
         Commands::data("log", log_.numbers()),
         Commands::data("kept", kept_validation() ? std::to_string(kept_validation()->epoch) + "," +
                                                        to_text(kept_validation()->loss) + "\n"
                                                  : ""),
         on_log_axis(Commands(
             "plot $log using 1:3", curve_style(epoch()), "linewidth 1 linecolor '#a0a0a0' title ",
             Text("training: " + steps + " steps on " +
                  (c.functions == 1 ? "a new function" : std::to_string(c.functions) + " new functions")),
             ", $log using 1:6 with linespoints linewidth 2 pointtype 7 pointsize 0.6 linecolor '", colour_of("lstm"),
             "' title ",
             Text(format("validation: %d steps on %d functions kept apart", validation.steps, validation.functions)),
             more))},
        folder_.picture(), folder_.log());
  }

  RunFolder folder_;
  RunConfig config_;
  Family optimizee_;
  ReferenceWhen when_;
  OptimizerModel model_;
  MetaTrainer trainer_;
  std::string config_text_;
  TrainingLog log_;
  std::optional<Reference> reference_;
  bool reference_saved_ = false;
  bool kept_ = false;  // the folder has files of this run
  std::chrono::steady_clock::time_point last_save_;
};

/// A run without a training: an optimizer as one begins.
void write_untrained(const RunFolder& folder, const RunConfig& config) {
  LearnedOptimizer begun{config.model(), {}};
  begun.phi.resize(begun.model.layout().size());
  Rng rng(config.training.seed);
  begun.model.init(rng, begun.phi);
  folder.begin(config, {folder.optimizer_file(begun, config_text(config))});
  std::printf("untrained optimizer  %s\nconfiguration        %s\n", folder.optimizer().c_str(),
              folder.config().c_str());
}

}  // namespace

int train(const TrainRequest& request) {
  if (request.out.empty() && (request.resume || !request.plan)) {
    throw UsageError("--out is missing: name a folder for the run");
  }
  if (request.plan && (request.resume || request.force)) {
    throw UsageError("--plan is for a new run: it does not go with ", request.resume ? "--resume" : "--force");
  }
  if (request.processes > 1 && !request.plan) {
    throw UsageError("-n ", request.processes, " is for --plan; to start several processes, call mpirun -n ",
                     request.processes, " and then this command without -n");
  }
  const RunFolder folder{request.out};
  if (request.resume && (!request.optimizee.empty() || !request.settings.empty() || !request.options.empty())) {
    throw UsageError("--resume uses the settings in ", folder.config().string(),
                     ": give no others, only --out, --threads and --reference");
  }
  if (!request.resume && request.optimizee.empty()) {
    throw UsageError("--optimizee is missing: name one, ", own_call({"list"}), " shows them");
  }
  std::optional<FolderLock> lock;
  if (request.resume) lock.emplace(folder.path, FolderLock::alone);
  RunConfig config =
      request.resume ? folder.read_config() : make_config(request.optimizee, request.settings, request.options);
  config.training.threads = request.threads;
  const OptimizeeEntry& entry = find_optimizee(config.optimizee);
  const Family plain = interruptible(request.resume ? folder.make_optimizee(entry, config.options, {})
                                                    : make_optimizee(entry, config.options));
  const Family optimizee = randomly_scaled(plain, config.augmentation);
  if (const std::string misfit = misfit_of_groups(config, entry.name, optimizee); !misfit.empty() && !request.resume) {
    throw UsageError("--groups ", config.groups, ": ", misfit, "; leave it out");
  }
  if (request.plan) {
    const int processes = std::max(request.processes, Team::current().size());
    share_tasks(1, 1, [&](int, int) -> TaskResult {  // by one, alone
      std::fputs(plan_text(config, optimizee, processes).c_str(), stdout);
      return {};
    });
    return 0;
  }
  std::optional<OutputFolder> made;
  const auto open_new = [&] {
    made.emplace(folder.path);  // only now: a command that is refused creates no folder
    lock.emplace(folder.path, FolderLock::alone);
    folder.check_free(request.force, "choose another --out, continue it with --resume, or replace it with --force");
  };
  if (config.training.epochs == 0) {
    if (request.resume) {
      throw Error(folder.config().string(),
                  ": its epochs are 0, there is nothing to resume; l2l refine goes on from it");
    }
    open_new();
    write_untrained(folder, config);
    return 0;
  }
  Run run(folder, config, optimizee, request.reference);
  listen_for_interrupts();
  if (request.resume) {
    run.resume();
  } else {
    open_new();
    run.start();
  }
  meet();  // all have read what is there before the first save
  run.train();
  if (run.done() && !run.has_result()) {
    throw Error("the optimizer diverged in every validation, so there is none to keep; a lower --lr may help");
  }
  tell_how_to_go_on("");
  run.report();
  if (run.done()) return 0;
  throw Interrupted{"interrupted after epoch " + std::to_string(run.epoch()) + "; " + resuming_call(request.out)};
}

}  // namespace l2l
