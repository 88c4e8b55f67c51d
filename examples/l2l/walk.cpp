#include <algorithm>
#include <cmath>
#include <cstdio>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/rates.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/report/walk_report.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/trial.h"
#include "nn/files/atomic_file.h"
#include "optim/learned/fast/coordinate_optimizer.h"

namespace l2l {
namespace {

/// Before the work: checks that there is a plane, and that the paths are not too large to keep.
void check_request(const WalkRequest& request, const Layout& layout, int steps) {
  if (layout.size() < 2) throw Error("theta has one coordinate; a picture of its path needs two");
  if (request.filter_normalise && !has_filters(layout)) {
    throw UsageError("--filter-normalise: theta has no filters: none of its parameters is a linear map");
  }
  constexpr Index kMaxNumbers = Index{1} << 28;  // a gigabyte of floats
  const Index paths = 1 + static_cast<Index>(std::size(kBaselines));
  if (steps >= kMaxNumbers / (layout.size() * paths)) {
    throw UsageError("--steps ", steps, ": the paths of ", layout.size(), " coordinates need too much memory; at most ",
                     kMaxNumbers / (layout.size() * paths) - 1, " steps are possible");
  }
}

/// A path that was followed, not yet on a plane.
struct Followed {
  std::string name;
  std::optional<double> learning_rate;
  Path path;

  const std::vector<Real>& end() const { return path.points.back(); }
  /// The loss at the end; infinite if it diverged.
  double final_loss() const { return path.losses.back(); }
};

/// The learned optimizer and the baselines, whose learning rates are tuned for `steps` steps, on the same function.
std::vector<Followed> follow_all(const WalkRequest& request, const Trial& trial, int steps, RateFile& rates) {
  StatusLine status;
  EvaluateOptions held_out{Split::test, 1, steps, request.seed, request.threads};
  std::vector<Followed> all;
  const auto add = [&](const std::string& name, std::optional<double> rate, Optimizer& optimizer) {
    status.update("following " + name);
    all.push_back({name, rate, follow_path(optimizer, trial.family, request.function, held_out)});
  };
  add(kLstm, {}, *make_optimizer(trial.learned, request.threads));
  if (all[0].path.points.empty()) {
    throw Error("function ", request.function, ": its loss is not finite at the start");
  }
  for (const std::string name : kBaselines) {
    const Rule& rule = find_rule(name);
    TuneOptions options;
    options.criterion = request.criterion;
    options.evaluate = {Split::validation, request.tune_functions, steps, request.seed, request.threads};
    const double rate = tune(rule, trial, options, rates, status);
    add(name, rate, *rule.make(rate));
  }
  return all;
}

/// The plane through θ_0, the end of the learned optimizer, and that of the rule with the lowest loss there. If these
/// are on one line, as when one of them stayed where it was, the next best rule takes its place.
Plane plane_of(const std::vector<Followed>& all, std::array<std::string, 2>& towards) {
  std::vector<const Followed*> candidates;
  for (const Followed& followed : all) candidates.push_back(&followed);
  std::stable_sort(candidates.begin() + 1, candidates.end(),
                   [](const Followed* a, const Followed* b) { return a->final_loss() < b->final_loss(); });
  for (std::size_t j = 0; j < candidates.size(); ++j) {
    for (std::size_t k = j + 1; k < candidates.size(); ++k) {
      try {
        const Plane plane = Plane::through(all[0].path.points[0], candidates[j]->end(), candidates[k]->end());
        towards = {candidates[j]->name, candidates[k]->name};
        return plane;
      } catch (const Error&) {  // on a line
      }
    }
  }
  throw Error("all paths end on one line through the start: there is no plane to look at; try another --function");
}

/// Projects the paths onto the plane, or onto the two coordinates.
Plane project(Walk& walk, const WalkRequest& request, const std::vector<Followed>& all, const Layout& layout) {
  Plane plane = walk.plane ? plane_of(all, walk.axes) : Plane::of_coordinates();
  if (!walk.plane) walk.axes = {layout.place(0), layout.place(1)};
  if (request.filter_normalise) {
    const std::vector<Real>& start = all[0].path.points[0];
    plane =
        Plane(start, filter_normalised(plane.delta(), start, layout), filter_normalised(plane.eta(), start, layout));
  }
  for (const Followed& followed : all) {
    WalkPath path{followed.name, followed.learning_rate, {}, followed.path.losses, share_outside(followed.path, plane)};
    for (const std::vector<Real>& theta : followed.path.points) {
      const Plane::Projection at = plane.project(theta);
      path.points.push_back({at.x, at.y});
    }
    walk.paths.push_back(std::move(path));
  }
  return plane;
}

void evaluate_grid(Walk& walk, const WalkRequest& request, const Plane& plane, const Family& family) {
  StatusLine status;
  walk.grid = grid_around(walk, request.grid);
  const EvaluateOptions held_out{Split::test, 1, walk.steps, request.seed, request.threads};
  const Pace pace(0, walk.grid.columns * walk.grid.rows * walk.batches, "contours: evaluation");
  walk.losses = losses_on(walk.grid, plane, family, request.function, held_out, walk.batches, [&](int done, int) {
    stop_if_interrupted();
    status.update(pace.after(done));
  });
}

void write_files(const Walk& walk, const RunFolder& folder) {
  const std::filesystem::path csv = folder.walk(".csv"), json = folder.walk(".json"), png = folder.walk(".png"),
                              gif = folder.walk(".gif");
  StatusLine status;
  std::vector<NewFile> files = {{csv, walk_csv(walk)}};
  status.update("drawing walk.png and walk.gif");
  const bool drawn = add_picture(files, walk_plot(walk), png, csv);
  const bool animated = add_animation(
      files, [&](int frames) { return walk_animation(walk, frames); }, gif, csv);
  files.push_back({json, walk_json(walk)});  // last: if it is there, all files are
  write_files_atomically(files, {json, csv, png, gif});
  std::printf("numbers    %s\nsummary    %s\n", csv.c_str(), json.c_str());
  if (drawn) std::printf("picture    %s\n", png.c_str());
  if (animated) std::printf("animation  %s\n", gif.c_str());
}

}  // namespace

int walk(const WalkRequest& request) {
  const RunFolder folder{request.run};
  const FolderLock lock(folder.path, FolderLock::together);
  const Trial trial = open_trial(folder, request.optimizee, request.options);
  Walk walk;
  walk.optimizee = trial.optimizee;
  walk.options = trial.options;
  walk.trained_on = trial.config.optimizee;
  walk.trained_steps = trial.trained_steps;
  walk.function = request.function;
  walk.steps = request.steps.value_or(trial.config.horizon(trial.trained_steps));
  walk.tune_functions = request.tune_functions;
  walk.criterion = request.criterion;
  walk.seed = request.seed;
  walk.filter_normalised = request.filter_normalise;
  RateFile rates(request.rates);
  const OutputLock output(folder.walk(".json"));
  folder.check_output(folder.walk(".json"), {folder.walk(".csv"), folder.walk(".png"), folder.walk(".gif")},
                      request.force, "replace the earlier walk with --force");
  Rng stream = function_stream(request.function, {Split::test, 1, walk.steps, request.seed, 1});
  const std::unique_ptr<Function> function = trial.family(stream, Split::test);
  check_request(request, function->layout(), walk.steps);
  walk.plane = function->layout().size() > 2;
  if (!walk.plane) {
    for (const std::vector<Real>& point : function->minima()) walk.minima.push_back({point[0], point[1]});
  }
  constexpr int kBatches = 16;  // what takes no time
  walk.batches = request.batches.value_or(walk.plane ? 1 : kBatches);

  listen_for_interrupts();
  tell_how_to_go_on("start it again with the same command");
  const std::vector<Followed> all = follow_all(request, trial, walk.steps, rates);
  const Plane plane = project(walk, request, all, function->layout());
  evaluate_grid(walk, request, plane, trial.family);

  // The table first: if a file cannot be written, the results are not lost.
  std::printf("%s\n", walk_table(walk).c_str());
  std::fflush(stdout);
  write_files(walk, folder);
  return 0;
}

}  // namespace l2l
