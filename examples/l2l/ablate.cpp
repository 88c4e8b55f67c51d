#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/preprocess_plot.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/run/run_folder.h"
#include "nn/files/atomic_file.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/statistics.h"
#include "optim/team.h"
#include "optimizees/scaled.h"

namespace l2l {
namespace {

/// The optimizee's loss is multiplied by each of these, as if it were in other units.
constexpr double kFactors[] = {1e-3, 1, 1e3};
/// Powers of ten for --preprocess rescale:C: the range that is tried first, and the limit of its extension. The best
/// constant at factor 1 is used for all factors.
constexpr int kLowest = -2, kHighest = 2, kFarthest = 6;

/// One training and its result.
struct Training {
  std::string preprocess;  // as in --preprocess
  double factor;
  int seed;
  Outcome outcome = Outcome::diverged;
  double validation = 0, start = 0, final_loss = 0;  // divided by the factor; final_loss: on held-out functions
};

/// Trains and evaluates. The factor changes only what the LSTM sees: the meta-loss is divided by it, as otherwise the
/// meta-gradient would be clipped more or less.
void run(Training& training, const AblateRequest& request, const Family& base) {
  std::map<std::string, std::string> settings = request.settings;
  settings["preprocess"] = training.preprocess;
  settings["seed"] = std::to_string(training.seed);
  RunConfig config = make_config(request.optimizee, settings, request.options);
  config.training.weights.assign(config.training.unroll + 1, 1 / training.factor);
  const Family family = scaled(base, training.factor);

  MetaTrainer trainer(config.model(), family, config.training);
  try {
    while (!trainer.done()) trainer.run_epoch();
  } catch (const Error&) {  // diverged: the best optimizer before that counts, if there was one
  }
  const MetaTrainState& state = trainer.state();
  training.start = state.start_validation / training.factor;
  training.validation = state.best_validation / training.factor;
  const Curves curves = evaluate([&] { return make_optimizer(trainer.best()); }, family,
                                 {.functions = request.functions, .steps = config.training.steps});
  training.final_loss =
      std::isfinite(training.validation) ? curves.final_mean() / training.factor : training.validation;
  training.outcome = classify(curves.mean(0) / training.factor, training.final_loss, base.chance_loss());
}

/// Runs all trainings in parallel, each on one thread of one process: they are independent.
void run_all(std::vector<Training>& trainings, const AblateRequest& request, const Family& base,
             const std::string& what) {
  const int count = static_cast<int>(trainings.size()), processes = Team::current().size();
  StatusLine status;
  Pace pace(0, count, "training");
  int finished = 0;
  status.update(what + ": " + std::to_string(count) + " trainings");
  const auto results = share_tasks(count, request.threads, [&](int k, int) -> TaskResult {
    Training training = trainings[k];
    run(training, request, base);
#pragma omp critical
    {
      finished = std::min(finished + processes, count);  // the others are about as far
      const std::string text = what + ": " + pace.after(finished);
      finished == count ? status.finish(text) : status.update(text);
    }
    return {static_cast<double>(training.outcome), training.validation, training.start, training.final_loss};
  });
  for (int k = 0; k < count; ++k) {
    trainings[k].outcome = static_cast<Outcome>(results[k][0]);
    trainings[k].validation = results[k][1], trainings[k].start = results[k][2],
    trainings[k].final_loss = results[k][3];
  }
}

/// The constant with the lowest loss on the validation functions. Tries five decades, and more as long as the best is
/// the smallest or the largest.
std::string tune_constant(const AblateRequest& request, const Family& base) {
  const auto rescale = [](int power) { return "rescale:" + to_text(std::pow(10, power)); };
  const auto better = [](const Training& a, const Training& b) { return a.validation < b.validation; };
  std::vector<Training> tried, next;
  for (int power = kLowest; power <= kHighest; ++power) next.push_back({rescale(power), 1, 0});
  for (int low = kLowest, high = kHighest;;) {
    run_all(next, request, base, "tuning the constant of rescale");
    tried.insert(tried.end(), next.begin(), next.end());
    const Training& best = *std::min_element(tried.begin(), tried.end(), better);
    if (best.preprocess == rescale(high) && high < kFarthest) {
      next = {{rescale(++high), 1, 0}};
    } else if (best.preprocess == rescale(low) && low > -kFarthest) {
      next = {{rescale(--low), 1, 0}};
    } else {
      return best.preprocess;
    }
  }
}

// ---- Reports --------------------------------------------------------------------------------------------------

/// The trainings of one preprocessing and factor.
struct Cell {
  std::string preprocess;
  double factor;
  std::vector<double> losses;  // ascending
  int did_nothing = 0, made_worse = 0, diverged = 0;
};

std::vector<Cell> cells(const std::vector<Training>& trainings) {
  std::vector<Cell> result;
  for (const Training& t : trainings) {
    if (result.empty() || result.back().preprocess != t.preprocess || result.back().factor != t.factor) {
      result.push_back({t.preprocess, t.factor, {}});
    }
    Cell& cell = result.back();
    cell.losses.push_back(t.final_loss);
    cell.did_nothing += t.outcome == Outcome::did_nothing;
    cell.made_worse += t.outcome == Outcome::made_worse;
    cell.diverged += t.outcome == Outcome::diverged;
  }
  for (Cell& cell : result) std::sort(cell.losses.begin(), cell.losses.end());
  return result;
}

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::learned: return "learned";
    case Outcome::did_nothing: return "did_nothing";
    case Outcome::made_worse: return "made_worse";
    case Outcome::diverged: return "diverged";
  }
  throw Error("name_of: not an outcome");
}

std::string to_csv(const std::vector<Training>& trainings) {
  std::string csv = "preprocess,loss_factor,seed,start,validation,final_loss,outcome\n";
  for (const Training& t : trainings) {
    csv += t.preprocess + "," + to_text(t.factor) + "," + std::to_string(t.seed) + "," + to_text(t.start) + "," +
           to_text(t.validation) + "," + to_text(t.final_loss) + "," + name_of(t.outcome) + "\n";
  }
  return csv;
}

std::string to_json(const AblateRequest& request, const RunConfig& config, const std::vector<Cell>& cells) {
  nlohmann::ordered_json json;
  json["optimizee"] = request.optimizee;
  json["options"] = config.options;
  json["epochs"] = config.training.epochs;
  json["steps"] = config.training.steps;
  json["seeds"] = request.seeds;
  json["functions"] = request.functions;
  for (const Cell& c : cells) {
    json["results"].push_back({{"preprocess", c.preprocess},
                               {"loss_factor", c.factor},
                               {"median", median(c.losses)},
                               {"smallest", c.losses.front()},
                               {"largest", c.losses.back()},
                               {"did_nothing", c.did_nothing},
                               {"made_worse", c.made_worse},
                               {"diverged", c.diverged}});
  }
  return json_text(json);
}

void print_table(const std::vector<Cell>& cells) {
  std::printf("%-12s %12s   %s\n", "preprocess", "loss times",
              "final loss, in units of f: median (smallest to largest)");
  for (const Cell& c : cells) {
    std::printf("%-12s %12g   %9.4g (%.4g to %.4g)", c.preprocess.c_str(), c.factor, median(c.losses), c.losses.front(),
                c.losses.back());
    const std::pair<int, const char*> failures[] = {
        {c.did_nothing, "learned to do nothing"}, {c.made_worse, "made it worse"}, {c.diverged, "diverged"}};
    for (const auto& [count, what] : failures) {
      if (count > 0) std::printf("  %d of %zu %s", count, c.losses.size(), what);
    }
    std::printf("\n");
  }
}

/// A point for each training, grouped by factor.
Commands picture(const AblateRequest& request, const std::vector<Cell>& cells) {
  static const Commands styles[] = {"pointtype 9 linecolor '#000000'", "pointtype 5 linecolor '#e69f00'",
                                    "pointtype 7 linecolor '#d55e00'"};
  Commands data, curves, tics;
  const int groups = std::size(kFactors), kinds = static_cast<int>(cells.size()) / groups;
  for (int g = 0; g < groups; ++g) {
    tics += Commands(g ? Commands(", 'f times ") : Commands("'f times "), kFactors[g], "' ", g);
  }
  for (int kind = 0; kind < kinds; ++kind) {
    const Commands block("kind", kind);
    int missing = 0;
    std::string lines;
    for (int g = 0; g < groups; ++g) {
      const Cell& cell = cells[kind * groups + g];
      for (const double loss : cell.losses) {
        const bool drawn = std::isfinite(loss);
        missing += !drawn;
        if (drawn) lines += to_text(g + 0.2 * (kind - 1)) + " " + to_text(loss) + "\n";
      }
    }
    data += Commands::data(block, lines);
    const std::string title =
        cells[kind * groups].preprocess + (missing ? " (" + std::to_string(missing) + " diverged: not drawn)" : "");
    curves += Commands(kind ? Commands(", $") : Commands("plot $"), block, " using 1:2 with points pointsize 1.6 ",
                       styles[kind], " title ", Text(title));
  }
  return Commands(data, "set title ",
                  Text("Preprocessing of gradients on " + request.optimizee + ": a point for each training"),
                  "\nset xtics (", tics, ")\nset xrange [-0.5:", groups - 0.5,
                  "]\n"
                  "set ylabel 'final loss on held-out functions, in units of f'\n"
                  "set yrange [*:*] noextend\nset offsets 0, 0, graph 0.08, graph 0.08\n",
                  on_log_axis(curves));
}

}  // namespace

int ablate_preprocessing(const AblateRequest& request) {
  if (request.optimizee.empty()) {
    throw UsageError("--optimizee is missing: name one, ", own_call({"list"}), " shows them");
  }
  for (const auto& [name, value] : request.settings) {
    if ((name == "model" || name == "proposal") && value.starts_with("anchored")) {
      throw UsageError("--", name, " ", value,
                       ": an anchored proposal needs a momentum among its features, and none of the ",
                       "ways compared here has one");
    }
  }
  const RunFolder folder{request.out};
  const auto file = [&](const char* extension) { return folder.path / (std::string("ablation") + extension); };
  const RunConfig config = make_config(request.optimizee, request.settings, request.options);
  const Family base = interruptible(make_optimizee(find_optimizee(request.optimizee), config.options));
  listen_for_interrupts();  // before anything is made
  tell_how_to_go_on("start it again with the same command");
  const OutputFolder made(folder.path);
  const FolderLock lock(folder.path, FolderLock::alone);
  folder.check_output(file(".json"), {file(".csv"), file(".png"), folder.path / "preprocess.csv"}, request.force,
                      "choose another --out, or replace it with --force");

  std::vector<Training> trainings;
  for (const std::string& preprocess : {std::string("none"), tune_constant(request, base), std::string("log:10")}) {
    for (const double factor : kFactors) {
      for (int seed = 1; seed <= request.seeds; ++seed) trainings.push_back({preprocess, factor, seed});
    }
  }
  run_all(trainings, request, base, "comparing");
  const std::vector<Cell> table = cells(trainings);
  print_table(table);
  std::fflush(stdout);
  draw_preprocessing({}, folder.path);
  std::vector<NewFile> files = {{file(".csv"), to_csv(trainings)}};
  const bool drawn = add_picture(files, picture(request, table), file(".png"), file(".csv"));
  files.push_back({file(".json"), to_json(request, config, table)});  // last: if it is there, all files are
  write_files_atomically(files, {file(".json"), file(".csv"), file(".png")});
  std::printf("\nnumbers   %s\nsummary   %s\n", file(".csv").c_str(), file(".json").c_str());
  if (drawn) std::printf("pictures  %s, %s\n", file(".png").c_str(), (folder.path / "preprocess.png").c_str());
  return 0;
}

}  // namespace l2l
