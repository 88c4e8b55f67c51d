#include <algorithm>
#include <cmath>
#include <cstdio>
#include <list>
#include <optional>
#include <set>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/plan.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/report/sheet.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/trial.h"
#include "nn/files/atomic_file.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optimizees/neural_art/neural_art.h"
#include "optimizees/neural_art/picture_search.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

constexpr double kLongestSide = 4;  // times the shorter one

/// The picture in a file, scaled so that its shorter side has `size` pixels.
Picture fitted(const std::string& file, Index size) {
  const Picture picture = read_picture(file, size);
  const Index shorter = std::min(picture.height, picture.width), longer = std::max(picture.height, picture.width);
  if (static_cast<double>(longer) > kLongestSide * static_cast<double>(shorter)) {
    throw Error(file, ": ", picture.width, "x", picture.height, " pixels: one side is more than ", kLongestSide,
                " times the other; crop it");
  }
  const auto scaled = [&](Index side) {
    return std::llround(static_cast<double>(side) * static_cast<double>(size) / static_cast<double>(shorter));
  };
  return resize(picture, scaled(picture.height), scaled(picture.width));
}

/// The options of the loss: those of the run if it was trained on neural_art, else the defaults; `given` ones replace
/// them.
OptionValues loss_options(const RunConfig& config, const OptionValues& given) {
  OptionValues options;
  for (const OptimizeeOption& option : find_optimizee("neural_art").options) {
    options[option.name] = option.default_value;
  }
  if (config.optimizee == "neural_art") {
    for (const auto& [name, value] : config.options) options[name] = value;
  }
  for (const auto& [name, value] : given) options[name] = value;
  return options;
}

/// The memory of a search in bytes. It is linear in the number of pixels, and is extrapolated from two small searches.
double bytes_of_search(StyleLoss loss, Index pixels) {
  loss.set_style({32, 32, std::vector<Real>(3 * 32 * 32, Real(0.5))});
  const auto measure = [&](Index side) {
    PictureSearch f(loss, {side, side, std::vector<Real>(3 * side * side, Real(0.5))}, 1);
    const std::vector<Real> theta(f.layout().size());
    Evaluation evaluation;
    for (int twice = 0; twice < 2; ++twice) evaluation(f, theta);  // at the second time the tape has its final size
    return static_cast<double>(evaluation.bytes());
  };
  const double small = measure(32), large = measure(64);
  return large + (large - small) / (64 * 64 - 32 * 32) * static_cast<double>(pixels - 64 * 64);
}

/// The memory of one coordinate: θ, gradient, update and the state of what learned. That of a rule is small.
double bytes_of_state(const LearnedOptimizer& learned) {
  double bytes = 3 * sizeof(Real);  // θ, its gradient, an update
  for (const OptimizerModel::Part& part : learned.model.parts()) {
    if (const CoordinateModel* model = part.model()) {
      const CoordinateConfig& config = model->config();
      const Index rows = config.preprocess.parameter_rows();  // beside them the momentum that they are computed from
      bytes += static_cast<double>(config.state_numbers() + rows + (rows > 0)) * sizeof(Real);
    }
  }
  return bytes;
}

/// Prints how much memory the largest search needs. Throws an Error if there is less.
void announce_memory(const StyleLoss& loss, const LearnedOptimizer& learned, const std::vector<Picture>& contents) {
  std::size_t pixels = 0;  // of the largest
  for (const Picture& picture : contents) pixels = std::max(pixels, picture.pixels.size() / 3);
  const auto to_come = static_cast<std::size_t>(bytes_of_search(loss, static_cast<Index>(pixels)) +
                                                3.0 * static_cast<double>(pixels) * bytes_of_state(learned));
  const std::size_t needed = peak_memory() + to_come;
  if (const std::size_t free = available_memory(); free > 0 && to_come > free) {
    throw Error("a search of this size needs about ", megabytes(needed), " of memory, but only ", megabytes(free),
                " are free; choose a smaller --size");
  }
  std::printf("memory about %s\n", megabytes(needed).c_str());
  std::fflush(stdout);
}

/// The files of a content: the result, and pictures of the search.
struct Result {
  fs::path out;
  std::vector<std::pair<int, fs::path>> frames;  // step, file
};

fs::path with_suffix(const fs::path& file, const std::string& suffix) {
  fs::path name = file.stem();
  name += suffix + ".png";
  return file.parent_path() / name;
}

std::vector<Result> results_of(const StyleRequest& request) {
  std::vector<Result> results;
  std::set<fs::path> all;
  for (const std::string& content : request.contents) {
    if (content.empty()) throw UsageError("--content is empty: it takes a FILE");
    const std::string name = fs::path(content).stem().string() + "-" + fs::path(request.style).stem().string() + ".png";
    fs::path out = request.out.empty() ? name : request.out;
    if (request.contents.size() > 1) out = fs::path(request.out) / name;
    Result result{out, {}};
    if (result.out.extension() != ".png") throw UsageError("--out ", result.out.string(), ": it must end in .png");
    for (int k = 1; k <= request.frames; ++k) {
      const int step = static_cast<int>(std::int64_t{request.steps} * k / request.frames);
      if (step < request.steps) result.frames.push_back({step, with_suffix(result.out, "-" + std::to_string(step))});
    }
    if (!all.insert(result.out).second) {
      throw UsageError("--content: two pictures are called ", fs::path(content).stem().string(),
                       "; style them in separate calls");
    }
    results.push_back(std::move(result));
  }
  return results;
}

void check_unused(const StyleRequest& request, const std::vector<Result>& results) {
  std::vector<std::pair<fs::path, std::string>> files;  // each with the flag that names it
  for (const Result& result : results) {
    files.emplace_back(result.out, "--out");
    for (const auto& [step, file] : result.frames) files.emplace_back(file, "--out");
  }
  if (!request.sheet.empty()) {
    files.emplace_back(request.sheet, "--sheet");
    if (files.back().first.extension() != ".png") throw UsageError("--sheet ", request.sheet, ": it must end in .png");
  }
  std::set<fs::path> all;
  for (const auto& [file, flag] : files) {
    if (!all.insert(file.lexically_normal()).second) {
      throw UsageError("two pictures would be called ", file.string(), "; choose another --out or --sheet");
    }
    if (fs::is_directory(file)) throw Error(file.string(), ": is a folder; choose another ", flag);
    const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
    if (!fs::is_directory(folder)) throw Error(file.string(), ": there is no folder ", folder.string());
    std::vector<std::string> inputs = request.contents;
    inputs.push_back(request.style);
    for (const std::string& input : inputs) {
      std::error_code different;
      if (fs::equivalent(file, input, different)) {
        throw UsageError(flag, " ", file.string(), ": is one of the pictures to start from; choose another ", flag);
      }
    }
    if (!request.force && fs::exists(file)) {
      throw Error(file.string(), ": exists already; choose another ", flag, ", or replace it with --force");
    }
  }
  if (!request.sheet.empty()) check_writable(request.sheet);
  for (const Result& result : results) {
    check_writable(result.out);
    if (!result.frames.empty()) check_writable(result.frames.back().second);  // its name is the longest
  }
}

/// The requested optimizer. The learning rate of a rule is given, from a comparison, or tuned on the same picture.
std::unique_ptr<Optimizer> optimizer_for(const Family& search, const LearnedOptimizer& learned,
                                         const StyleRequest& request, StatusLine& status) {
  if (request.optimizer == "lstm") return make_optimizer(learned, request.threads);
  const Rule& rule = find_rule(request.optimizer);
  if (request.rate) return rule.make(*request.rate);
  if (!request.rate_of.empty()) return rule.make(compared_rate(request.rate_of, rule.name, "neural_art"));
  TuneOptions options;
  options.low = 1e-3;
  options.per_decade = 2;
  // One search at a time, as the memory was computed for one.
  options.evaluate = {Split::validation, 1, request.steps, request.seed, 1};
  return rule.make(tune(rule, search, options, status));
}

/// Searches for the picture, and returns its θ; `visit` sees each step's.
std::vector<Real> follow(const Family& search, Optimizer& optimizer, const StyleRequest& request,
                         const std::function<void(int step, double loss, std::span<const Real> theta)>& visit) {
  Rng rng(request.seed);
  Trajectory trajectory(request.threads);
  trajectory.start(search, rng, Split::test);
  optimizer.reset(trajectory.layout());
  for (int t = 0;; ++t) {
    const double loss = trajectory.evaluate(rng);
    if (!std::isfinite(loss)) {
      if (t == 0) throw Error("the loss is ", loss, " at the start of the search; check --features and --init");
      throw Error("the search diverged: the loss is ", loss, " at step ", t, "; try ",
                  request.optimizer == "lstm" ? "fewer --steps or --optimizer adam" : "a smaller --rate");
    }
    visit(t, loss, trajectory.theta());
    if (t == request.steps) return {trajectory.theta().begin(), trajectory.theta().end()};
    stop_if_interrupted();
    optimizer.step(trajectory.gradient(), trajectory.theta());
  }
}

std::string terms_text(PictureSearch& search, std::span<const Real> theta) {
  Tape tape;
  const StyleLoss::Terms terms = search.terms(tape, tape.constant({static_cast<Index>(theta.size())}, theta));
  return format("content %.3f, style %.3f, smoothness %.4f, range %.5f", static_cast<double>(terms.content.item()),
                static_cast<double>(terms.style.item()), static_cast<double>(terms.smoothness.item()),
                static_cast<double>(terms.range.item()));
}

/// Searches for one picture and writes it and its frames; returns the content, the frames and the picture.
std::vector<Picture> make_picture(const StyleRequest& request, const Result& result, const Picture& content,
                                  const StyleLoss& style_loss, double init, const LearnedOptimizer& learned) {
  std::printf("%s: %ldx%ld pixels, %ld coordinates\n", result.out.c_str(), static_cast<long>(content.width),
              static_cast<long>(content.height), static_cast<long>(content.pixels.size()));
  std::fflush(stdout);
  PictureSearch search(style_loss, content, init);
  const Family same = interruptible(Family([&](Rng&, Split) { return std::make_unique<PictureSearch>(search); }));
  StatusLine status;
  const std::unique_ptr<Optimizer> optimizer = optimizer_for(same, learned, request, status);

  std::vector<Picture> row = {content};
  Pace pace(0, request.steps, "step");
  double first_loss = 0, last_loss = 0;
  const std::vector<Real> found =
      follow(same, *optimizer, request, [&](int step, double loss, std::span<const Real> theta) {
        if (step == 0) first_loss = loss;
        last_loss = loss;
        if (step > 0) status.update(pace.after(step) + format("  loss %.4g", loss));
        const auto frame = std::find_if(result.frames.begin(), result.frames.end(),
                                        [=](const auto& frame) { return frame.first == step; });
        if (step < request.steps && frame == result.frames.end()) return;
        row.push_back(to_rgb(theta, content.height, content.width));
        write_png(step == request.steps ? result.out : frame->second, row.back());
      });
  status.finish(format("%s, %d steps: loss %.4g to %.4g (%s)", request.optimizer.c_str(), request.steps, first_loss,
                       last_loss, terms_text(search, found).c_str()));
  return row;
}

}  // namespace

int style(const StyleRequest& request) {
  const RunFolder folder{request.run};
  const FolderLock lock(folder.path, FolderLock::together);
  const RunConfig config = folder.read_config();
  const LearnedOptimizer learned = folder.read_optimizer(config);
  if (learned.model.parts().size() > 1) {
    throw Error(folder.optimizer().string(), ": has optimizers for groups of parameters (", config.groups,
                "), and a picture has none; use a run of --groups all");
  }
  if (request.optimizer != "lstm") {
    find_rule(request.optimizer);  // before any work
    if (!request.rate_of.empty()) compared_rate(request.rate_of, request.optimizer, "neural_art");
  } else if (request.rate || !request.rate_of.empty()) {
    throw UsageError(request.rate ? "--rate" : "--rate-of",
                     ": the LSTM has no learning rate; the flag is for --optimizer adam and other rules");
  }
  if (request.frames > request.steps) {
    throw UsageError("--frames ", request.frames, ": there are only ", request.steps, " steps");
  }
  const std::vector<Result> results = results_of(request);
  std::optional<OutputFolder> made;
  if (request.contents.size() > 1 && !request.out.empty()) made.emplace(request.out);
  std::list<OutputLock> outputs;
  for (const Result& result : results) outputs.emplace_back(result.out);
  check_unused(request, results);

  const OptionValues options = loss_options(config, request.options);
  StyleLoss loss = make_style_loss(options);
  const double init = positive_number(options, "init");
  // Before the work: finds all errors in files.
  const Picture style = fitted(request.style, request.size);
  std::vector<Picture> contents;
  for (const std::string& file : request.contents) contents.push_back(fitted(file, request.size));
  announce_memory(loss, learned, contents);
  loss.set_style(style);
  listen_for_interrupts();
  if (config.optimizee != "neural_art") {
    std::printf("%s was trained on %s; the loss is neural_art's default\n", request.run.c_str(),
                config.optimizee.c_str());
  }
  std::vector<std::vector<Picture>> rows;
  for (std::size_t k = 0; k < results.size(); ++k) {
    try {
      rows.push_back(make_picture(request, results[k], contents[k], loss, init, learned));
    } catch (const Interrupted&) {
      throw Interrupted{format("interrupted: %zu of %zu pictures are made", k, results.size()) +
                        (k > 0 ? "; give the same call with the other --content for the rest" : "")};
    }
    rows.back().push_back(style);
  }
  if (!request.sheet.empty()) {
    write_png(request.sheet, sheet(rows));
    std::printf("sheet of contents, results and style: %s\n", request.sheet.c_str());
  }
  return 0;
}

}  // namespace l2l
