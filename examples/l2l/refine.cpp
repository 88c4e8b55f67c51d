#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <new>
#include <optional>
#include <utility>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/run/option_paths.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/run/reference.h"
#include "examples/l2l/run/refinement.h"
#include "examples/l2l/trial.h"
#include "nn/files/atomic_file.h"
#include "optim/meta/outcome.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

/// One more than the seed of the run: of its training, or of the refinement that it came from. On the functions of that
/// validation, the start would look better than it is.
std::uint64_t next_seed(const RunFolder& run, const RunConfig& config) {
  const fs::path file = run.refinement(".json");
  if (!fs::exists(file)) return config.training.seed + 1;
  return read_refinement(file, "; give a --seed").config.seed + 1;
}

/// How to refine a run further. The flags that its own refinement had are the user's to give again.
std::string how_to_refine(const RunFolder& run) {
  return own_call({"refine", "--run", run.path.string(), "--out", "DIR"}) + " and the same settings";
}

/// Copies of the other files of a run.
std::vector<NewFile> copies(const RunFolder& from, const RunFolder& to) {
  std::vector<NewFile> files;
  for (const auto& [old, copy] : {std::pair(from.log(), to.log()), std::pair(from.picture(), to.picture()),
                                  std::pair(from.reference(), to.reference())}) {
    if (fs::exists(old)) files.push_back({copy, read_text(old)});
  }
  return files;
}

/// The files of a refinement: a run that differs from the old one in its optimizer, and the record of the search. They
/// are written together when there is something to keep, and updated from then on.
class Record {
 public:
  Record(const RefineRequest& request, const Trial& trial, const OptionValues& options, const EvolutionConfig& config)
      : from_{request.run},
        to_{request.out},
        run_(trial.config),
        trained_steps_(trial.trained_steps),
        options_(options),
        config_(config) {}

  void add(const EvolutionReport& report) {
    done_ = report.iteration;
    log_ += std::to_string(done_) + "," + to_text(report.loss) + "," + to_text(report.learning_rate) + "," +
            (report.validated ? to_text(report.validation) : "") + "\n";
    if (report.best) best_ = {done_, report.validation};
  }
  void start(double validation) {
    log_ += "0,,," + to_text(validation) + "\n";
    best_ = {0, validation};
  }
  void set_reference(const std::optional<Reference>& reference) { reference_ = reference; }
  const std::optional<Reference>& reference() const { return reference_; }
  /// Before the work: throws an Error unless there is room for all files.
  void check(Evolution& evolution) const {
    std::vector<NewFile> all = files(evolution);
    all.push_back({to_.config(), config_text(run_)});
    check_room(all);
  }
  void save(Evolution& evolution) {
    if (begun_) {
      write_files_atomically(changing(evolution));
    } else {
      to_.begin(run_, files(evolution));
    }
    begun_ = true;
    tell_how_to_go_on("the best validated weights are kept; go on from them with: " + how_to_refine(to_));
  }
  /// The end of an error: how to continue.
  std::string how_to_go_on() const {
    if (!begun_) return "";
    return "; the best validated weights are kept; go on from them with: " + how_to_refine(to_) +
           ", or start again with --force";
  }
  const std::string& log() const { return log_; }
  /// The iteration whose weights are kept, and its validation.
  const std::pair<int, double>& best() const { return best_; }
  int done() const { return done_; }

 private:
  std::vector<NewFile> changing(Evolution& evolution) const {
    const bool better = evolution.best_validation() < evolution.validate_start();  // else the start is written
    const int steps = better ? std::max(trained_steps_, config_.steps) : trained_steps_;
    const std::optional<int> note = steps != run_.trained_steps() ? std::optional(steps) : std::nullopt;
    return {{to_.refinement(".csv"), log_},
            {to_.refinement(".json"), summary(evolution)},
            to_.optimizer_file(evolution.best(), config_text(run_), note)};
  }
  std::vector<NewFile> files(Evolution& evolution) const {
    std::vector<NewFile> all = copies(from_, to_);
    for (NewFile& file : changing(evolution)) all.push_back(std::move(file));
    return all;
  }
  std::string summary(Evolution& evolution) const {
    return refinement_json({from_.path.string(), options_, config_, done_, evolution.validate_start(),
                            evolution.best_validation(), reference_});
  }

  RunFolder from_, to_;
  RunConfig run_;
  int trained_steps_;  // of the start
  OptionValues options_;
  const EvolutionConfig& config_;
  std::string log_ = kRefinementHeader;
  std::pair<int, double> best_;
  std::optional<Reference> reference_;
  int done_ = 0;
  bool begun_ = false;
};

/// Plots only the validations: every iteration has new training functions, which differ more than the optimizers do.
Commands picture(const std::string& optimizee, const Record& record, const EvolutionConfig& config) {
  const int steps = config.steps, last = config.last;
  const std::string& log = record.log();
  const auto [kept, loss] = record.best();
  Commands reference;
  if (record.reference()) {
    reference = Commands(", ", record.reference()->loss, " with lines linewidth 2 dashtype 2 linecolor '",
                         colour_of("adam"), "' title ", Text(describe(*record.reference())));
  }
  return Commands(
      "set title ", Text("Refining an optimizer on " + optimizee + ": validation functions"),
      "\nset xlabel 'iteration'\nset ylabel '",
      config.shortest > 0 ? Commands("geometric mean of losses from ", config.shortest, " to ")
      : last == 1         ? Commands("loss at step ")
                          : Commands("mean loss of the last ", last, " of "),
      steps, last == 1 && config.shortest == 0 ? Commands() : Commands(" steps"),
      "'\n"
      "set key inside right top\n"
      "set yrange [*:*] noextend\n"
      "set offsets 0, 0, graph 0.2, graph 0.05\n"
      "set datafile separator comma\n",
      Commands::data("log", std::string_view(log).substr(log.find('\n') + 1)),
      Commands::data("kept", std::to_string(kept) + "," + to_text(loss) + "\n"),
      on_log_axis(Commands("plot $log using 1:4 with linespoints linewidth 2 pointtype 7 pointsize 0.6 linecolor '",
                           colour_of("lstm"), "' title ",
                           Text(format("the optimizer, on %d functions", config.validation_functions)), reference,
                           ", $kept using 1:2 with points pointtype 6 pointsize 2.2 linewidth 2 linecolor '#000000' "
                           "title ",
                           Text(format("the result: %.4g, of iteration %d", loss, kept)))));
}

/// ADAM, tuned for the last step of the longest trajectories, with the loss that a validation shows of it.
std::optional<Reference> reference_of(const Evolution& evolution, const Family& validation, double longest_seconds,
                                      StatusLine& status) {
  std::optional<Reference> reference = measure_reference(validation, evolution.validation(), longest_seconds, status);
  if (!reference) return {};
  try {
    reference->loss = evolution.validate([&] { return find_rule("adam").make(reference->learning_rate); });
  } catch (const Error& error) {  // a loss of 0, which has no logarithm
    status.finish(std::string("without a reference: ") + error.what());
    return {};
  }
  return reference;
}

/// Refines until the end or an interrupt. Keeps what was validated.
void search(Evolution& evolution, const EvolutionConfig& config, const Family& validation, ReferenceWhen when,
            Record& record) {
  using Clock = std::chrono::steady_clock;
  StatusLine status;
  Pace pace(0, config.iterations, "iteration");
  try {
    while (!evolution.done()) {
      const auto start = Clock::now();
      const EvolutionReport report = evolution.run_iteration();
      record.add(report);
      if (report.iteration == 1 && when != ReferenceWhen::never) {  // one shows how long all take
        const auto end = Clock::now();
        const double seconds = std::chrono::duration<double>(end - start).count() * config.iterations;
        record.set_reference(reference_of(evolution, validation, longest_reference(when, seconds), status));
        pace.leave_out(Clock::now() - end);
      }
      if (report.validated) record.save(evolution);
      const std::string text =
          pace.after(report.iteration) +
          format("  validation from %.4g to %.4g", evolution.validate_start(), evolution.best_validation()) +
          (record.reference() ? format(" (ADAM %.4g)", record.reference()->loss) : "");
      evolution.done() || interrupted() ? status.finish(text) : status.update(text);
    }
  } catch (const Interrupted&) {
  }
  record.save(evolution);
}

/// The same, with errors that say how to continue from what was kept.
void search_or_tell(Evolution& evolution, const EvolutionConfig& config, const Family& validation, ReferenceWhen when,
                    Record& record) {
  try {
    search(evolution, config, validation, when, record);
  } catch (const Error& error) {
    const bool diverged = dynamic_cast<const Diverged*>(&error) != nullptr;
    throw Error(error.what(), diverged ? "; a lower --lr or --deviation may help" : "", record.how_to_go_on());
  } catch (const std::bad_alloc&) {
    if (record.how_to_go_on().empty()) throw;
    throw Error("out of memory", record.how_to_go_on());
  }
}

}  // namespace

int refine(const RefineRequest& request) {
  const RunFolder from{request.run}, to{request.out};
  const FolderLock lock_from(from.path, FolderLock::together);
  const Trial trial = open_trial(from, "", request.options);
  EvolutionConfig config = request.evolution;
  config.steps = request.steps.value_or(trial.config.horizon(trial.trained_steps));
  config.seed = request.seed ? *request.seed : next_seed(from, trial.config);
  std::error_code different;
  if (fs::equivalent(from.path, to.path, different)) {
    throw UsageError("--out ", request.out, ": is the run itself; choose another folder for the refined one");
  }
  if (config.window > 0 && config.steps % config.window != 0) {
    throw UsageError("--window ", config.window, ": must divide the ", config.steps,
                     " steps of a trajectory; give --steps ", (config.steps / config.window + 1) * config.window,
                     ", or another window");
  }
  if (config.shortest > 0 && config.window == 0) {
    throw UsageError("--shortest ", config.shortest, ": needs a --window; whole trajectories have --steps steps");
  }
  if (config.shortest > config.steps) {
    throw UsageError("--shortest ", config.shortest, ": the longest trajectory has ", config.steps, " steps");
  }
  if (config.last > config.steps) {
    throw UsageError("--last ", config.last, ": a trajectory has only ", config.steps,
                     " steps; more --steps, or fewer");
  }
  listen_for_interrupts();  // before anything is made
  const Family validation = open_trial(from, "", {}).family;
  Evolution evolution(trial.learned, randomly_scaled(trial.family, trial.config.augmentation), validation, config);
  const OutputFolder made(to.path);
  const FolderLock lock_to(to.path, FolderLock::alone);
  to.check_free(request.force, "choose another --out, or replace it with --force");
  for (const char* extension : {".csv", ".json", ".png"}) check_writable(to.refinement(extension));
  std::fprintf(stderr, "refining it: %d iterations of %d pairs of %d steps, %s\n", config.iterations, config.pairs,
               config.steps, workers(config.threads, config.pairs, "pairs").c_str());
  StatusLine().update("validating the start");
  Record record(request, trial, absolute_paths(find_optimizee(trial.optimizee), request.options), config);
  record.start(evolution.validate_start());
  record.check(evolution);
  search_or_tell(evolution, config, validation, request.reference, record);

  const bool drawn = plot(picture(trial.optimizee, record, config), to.refinement(".png"), to.refinement(".csv"));
  if (!(evolution.best_validation() < evolution.validate_start())) {
    std::fprintf(stderr, "l2l: warning: no validation was better than that of the start, so the start was written\n");
  }
  std::printf("refined optimizer  %s\nlog                %s\nsummary            %s\n", to.optimizer().c_str(),
              to.refinement(".csv").c_str(), to.refinement(".json").c_str());
  if (drawn) std::printf("picture            %s\n", to.refinement(".png").c_str());
  if (record.done() == config.iterations) return 0;
  throw Interrupted{"interrupted after iteration " + std::to_string(record.done()) +
                    "; the best validated weights are kept; go on from them with: " + how_to_refine(to)};
}

}  // namespace l2l
