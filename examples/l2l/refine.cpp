#include <cstdio>
#include <filesystem>
#include <optional>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/interrupt.h"
#include "examples/l2l/locks.h"
#include "examples/l2l/plot.h"
#include "examples/l2l/progress.h"
#include "examples/l2l/refinement.h"
#include "examples/l2l/trial.h"
#include "nn/atomic_file.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

/// One more than the seed that chose the weights of this run, by training or by an earlier refinement: the functions
/// that it validated on would flatter the start.
std::uint64_t next_seed(const RunFolder& run, const RunConfig& config) {
  const fs::path file = run.refinement(".json");
  if (!fs::exists(file)) return config.training.seed + 1;
  return read_refinement(file, "; give a --seed of your own").config.seed + 1;
}

/// The files of a refinement, kept up to date.
class Record {
 public:
  Record(const RefineRequest& request, const OptionValues& options, const EvolutionConfig& config)
      : run_(request.run), options_(options), config_(config) {}

  void add(const EvolutionReport& report) {
    done_ = report.iteration;
    log_ += std::to_string(done_) + "," + to_text(report.loss) + "," + to_text(report.learning_rate) + "," +
            (report.validated ? to_text(report.validation) : "") + "\n";
  }
  void start(double validation) { log_ += "0,,," + to_text(validation) + "\n"; }
  void save(const RunFolder& folder, Evolution& evolution) const {
    write_files_atomically({folder.optimizer_file(evolution.best(), read_text(folder.config())),
                            {folder.refinement(".csv"), log_},
                            {folder.refinement(".json"), summary(evolution)}});
  }
  const std::string& log() const { return log_; }
  int done() const { return done_; }

 private:
  std::string summary(Evolution& evolution) const {
    return refinement_json({run_, options_, config_, done_, evolution.validate_start(), evolution.best_validation()});
  }

  std::string run_;
  OptionValues options_;
  const EvolutionConfig& config_;
  std::string log_ = "iteration,loss,learning_rate,validation\n";
  int done_ = 0;
};

/// The validations alone: the training functions of every iteration are others, and differ by more than the optimizers.
Commands picture(const std::string& optimizee, const std::string& log, int steps) {
  return Commands(
      "set title ", Text("Refining an LSTM optimizer on " + optimizee),
      "\nset xlabel 'iteration'\nset ylabel 'loss at step ", steps,
      " on validation functions'\n"
      "unset key\n"
      "set yrange [*:*] noextend\n"
      "set offsets 0, 0, graph 0.2, graph 0.05\n"
      "set datafile separator comma\n",
      Commands::data("log", std::string_view(log).substr(log.find('\n') + 1)),
      on_log_axis(Commands("plot $log using 1:4 with linespoints linewidth 2 pointtype 7 pointsize 0.6 linecolor '",
                           colour_of("lstm"), "'")));
}

/// A new run that is the old one, for a start.
void copy_run(const RunFolder& from, const RunFolder& to, const Trial& trial) {
  std::vector<NewFile> files = {to.optimizer_file(trial.learned, config_text(trial.config))};
  for (const auto& [old, copy] : {std::pair(from.log(), to.log()), std::pair(from.picture(), to.picture())}) {
    if (fs::exists(old)) files.push_back({copy, read_text(old)});
  }
  to.begin(trial.config, std::move(files));
}

/// Refines to the end, or until it is interrupted: what was validated is kept then.
void search(Evolution& evolution, const EvolutionConfig& config, const RunFolder& folder, Record& record) {
  StatusLine status;
  Pace pace(0, config.iterations, "iteration");
  try {
    while (!evolution.done()) {
      const EvolutionReport report = evolution.run_iteration();
      record.add(report);
      if (report.validated) record.save(folder, evolution);
      const std::string text =
          pace.after(report.iteration) +
          format("  validation from %.4g to %.4g", evolution.validate_start(), evolution.best_validation());
      evolution.done() || interrupted() ? status.finish(text) : status.update(text);
    }
  } catch (const Interrupted&) {
  }
  record.save(folder, evolution);
}

}  // namespace

int refine(const RefineRequest& request) {
  const RunFolder from{request.run}, to{request.out};
  const FolderLock lock_from(from.path, FolderLock::together);
  const Trial trial = open_trial(from, "", request.options);
  EvolutionConfig config = request.evolution;
  config.steps = request.steps.value_or(trial.config.training.steps);
  config.seed = request.seed ? *request.seed : next_seed(from, trial.config);
  std::error_code different;
  if (fs::equivalent(from.path, to.path, different)) {
    throw UsageError("--out ", request.out, ": is the run itself; choose another folder for the refined one");
  }
  Evolution evolution(trial.learned, trial.make, open_trial(from, "", {}).make, config);
  const OutputFolder made(to.path);
  const FolderLock lock_to(to.path, FolderLock::alone);
  to.check_free(request.force, "choose another --out, or replace it with --force");
  for (const char* extension : {".csv", ".json", ".png"}) check_writable(to.refinement(extension));
  listen_for_interrupts();
  std::fprintf(stderr, "refining it: %d iterations of %d pairs of %d steps, %d thread%s\n", config.iterations,
               config.pairs, config.steps, config.threads, config.threads == 1 ? "" : "s");
  StatusLine().update("validating the start");
  Record record(request, absolute_paths(find_optimizee(trial.optimizee), request.options), config);
  record.start(evolution.validate_start());
  copy_run(from, to, trial);  // only now: a command that comes to nothing leaves what was there
  record.save(to, evolution);
  search(evolution, config, to, record);

  const bool drawn =
      plot(picture(trial.optimizee, record.log(), config.steps), to.refinement(".png"), to.refinement(".csv"));
  if (!(evolution.best_validation() < evolution.validate_start())) {
    std::fprintf(stderr, "l2l: warning: no validation was better than that of the start, which is what was written\n");
  }
  std::printf("refined optimizer  %s\nlog                %s\nsummary            %s\n", to.optimizer().c_str(),
              to.refinement(".csv").c_str(), to.refinement(".json").c_str());
  if (drawn) std::printf("picture            %s\n", to.refinement(".png").c_str());
  if (record.done() == config.iterations) return 0;
  throw Interrupted{"interrupted after iteration " + std::to_string(record.done()) +
                    "; the best that was validated is kept, go on from it with: l2l refine --run " + request.out};
}

}  // namespace l2l
