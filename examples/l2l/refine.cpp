#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/interrupt.h"
#include "examples/l2l/plot.h"
#include "examples/l2l/progress.h"
#include "examples/l2l/trial.h"
#include "nn/atomic_file.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

std::string summary(const RefineRequest& request, const EvolutionConfig& c, const Evolution& evolution, int done) {
  nlohmann::ordered_json json;
  json["version"] = L2L_VERSION;
  json["run"] = request.run;
  json["options"] = request.options;
  json["settings"] = {{"iterations", c.iterations},
                      {"pairs", c.pairs},
                      {"deviation", c.deviation},
                      {"lr", c.learning_rate},
                      {"steps", c.steps},
                      {"last", c.last},
                      {"validate-every", c.validate_every},
                      {"validation-functions", c.validation_functions},
                      {"seed", c.seed}};
  json["iterations done"] = done;
  json["validation"] = {{"start", evolution.start_validation()}, {"best", evolution.best_validation()}};
  return json.dump(2) + "\n";
}

std::string picture(const std::string& optimizee, const std::string& log, int iterations) {
  return "set title " + literal("Refining an LSTM optimizer on " + optimizee) +
         " noenhanced\n"
         "set xlabel 'iteration'\n"
         "set ylabel 'loss at the end'\n"
         "set key inside right top\n"
         "set yrange [*:*] noextend\n"
         "set offsets 0, 0, graph 0.2, graph 0.05\n"
         "set datafile separator comma\n"
         "$log << END\n" +
         log + "END\n" +
         on_log_axis("plot $log using 1:2" + curve_style(iterations) +
                     "linewidth 1 linecolor '#a0a0a0' title 'changed optimizers, on training functions', "
                     "$log using 1:4 with linespoints linewidth 2 pointtype 7 pointsize 0.6 linecolor '" +
                     colour_of("lstm") + "' title 'validation'");
}

void copy_if_there(const fs::path& from, const fs::path& to) {
  if (fs::exists(from)) write_file_atomically(to, read_text(from));
}

}  // namespace

int refine(const RefineRequest& request) {
  const RunFolder from{request.run}, to{request.out};
  const FolderLock lock_from(from.path, FolderLock::together);
  const Trial trial = open_trial(from, "", request.options);
  EvolutionConfig config = request.evolution;
  config.steps = request.steps.value_or(trial.config.training.steps);
  config.seed = request.seed.value_or(trial.config.training.seed + 1);
  std::error_code different;
  if (fs::equivalent(from.path, to.path, different)) {
    throw UsageError("--out ", request.out, ": is the run itself; choose another folder for the refined one");
  }
  Evolution evolution(trial.learned, trial.make, open_trial(from, "", {}).make, config);
  listen_for_interrupts();
  to.make();
  const FolderLock lock_to(to.path, FolderLock::alone);
  to.begin(trial.config, request.force);
  copy_if_there(from.log(), to.log());
  copy_if_there(from.picture(), to.picture());

  std::fprintf(stderr, "refining it: %d iterations of %d pairs of %d steps, %d thread%s\n", config.iterations,
               config.pairs, config.steps, config.threads, config.threads == 1 ? "" : "s");
  std::string log = "iteration,loss,learning_rate,validation\n0,,," + to_text(evolution.start_validation()) + "\n";
  int done = 0;
  const auto save = [&] {
    evolution.best().save(to.optimizer());
    write_files_atomically(
        {{to.refinement(".csv"), log}, {to.refinement(".json"), summary(request, config, evolution, done)}});
  };
  save();  // before the work: it shows that the folder can be written to
  StatusLine status;
  Pace pace(0, config.iterations, "iteration");
  while (!evolution.done() && !interrupted()) {
    const EvolutionReport report = evolution.run_iteration();
    done = report.iteration;
    log += std::to_string(done) + "," + to_text(report.loss) + "," + to_text(report.learning_rate) + "," +
           (report.validated ? to_text(report.validation) : "") + "\n";
    if (report.validated) save();
    const std::string text = pace.after(done) + format("  validation from %.4g to %.4g", evolution.start_validation(),
                                                       evolution.best_validation());
    evolution.done() || interrupted() ? status.finish(text) : status.update(text);
  }
  save();
  const bool drawn = plot(picture(trial.optimizee, log, done), to.refinement(".png"), to.refinement(".csv"));
  if (!(evolution.best_validation() < evolution.start_validation())) {
    std::fprintf(stderr, "l2l: warning: no iteration was better than the start, which is what was written\n");
  }
  std::printf("refined optimizer  %s\nlog                %s\nsummary            %s\n", to.optimizer().c_str(),
              to.refinement(".csv").c_str(), to.refinement(".json").c_str());
  if (drawn) std::printf("picture            %s\n", to.refinement(".png").c_str());
  if (evolution.done()) return 0;
  std::fprintf(stderr, "interrupted after iteration %d; the best is kept\n", done);
  return 130;
}

}  // namespace l2l
