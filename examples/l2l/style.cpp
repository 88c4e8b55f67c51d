#include <algorithm>
#include <cstdio>
#include <list>
#include <optional>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/plan.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/style_painter.h"
#include "examples/l2l/trial.h"
#include "optimizees/neural_art/neural_art.h"
#include "optimizees/neural_art/picture_search.h"

namespace l2l {
namespace {

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
  const auto grey_square = [](Index side) {
    return Picture{side, side, std::vector<Real>(3 * side * side, Real(0.5))};
  };
  const Index side = std::max<Index>(32, loss.smallest_picture());
  loss.set_style(grey_square(side));
  const auto measure = [&](Index side) {
    PictureSearch f(loss, grey_square(side), 1);
    const std::vector<Real> theta(f.layout().size());
    Evaluation evaluation;
    for (int twice = 0; twice < 2; ++twice) evaluation(f, theta);  // at the second time the tape has its final size
    return static_cast<double>(evaluation.bytes());
  };
  const double small = measure(side), large = measure(2 * side);
  return large + (large - small) / static_cast<double>(3 * side * side) * static_cast<double>(pixels - 4 * side * side);
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

/// What can be said about a request before any file is read.
void check_request(const StyleRequest& request) {
  if (request.optimizer != kLearned) {
    find_rule(request.optimizer);
    if (!request.rate_of.empty()) compared_rate(request.rate_of, request.optimizer, "neural_art");
  } else if (request.rate || !request.rate_of.empty()) {
    throw UsageError(request.rate ? "--rate" : "--rate-of",
                     ": the learned optimizer has no learning rate; the flag is for --optimizer adam and other rules");
  }
  if (request.frames > request.steps) {
    throw UsageError("--frames ", request.frames, ": there are only ", request.steps, " steps");
  }
  if (!request.style_weights.empty() && request.style_weights.size() != request.styles.size()) {
    throw UsageError("--style-weights has ", request.style_weights.size(), " numbers, but --style ",
                     request.styles.size(), " pictures; give one for each");
  }
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
  check_request(request);
  const std::vector<StyleFiles> files = style_files(request);
  std::optional<OutputFolder> made;
  if (request.contents.size() > 1 && !request.out.empty()) made.emplace(request.out);
  std::list<OutputLock> outputs;
  for (const StyleFiles& of_content : files) outputs.emplace_back(of_content.out);
  check_unused(request, files);

  const OptionValues options = loss_options(config, request.options);
  // Before the work: finds all errors in files.
  std::vector<Picture> contents;
  for (const std::string& file : request.contents) contents.push_back(read_scaled(file, request.size));
  const StyleLoss loss = make_style_loss(options);
  Painter painter(request, loss, positive_number(options, "init"), learned);
  announce_memory(loss, learned, contents);
  listen_for_interrupts();
  if (config.optimizee != "neural_art") {
    std::printf("%s was trained on %s; the loss is neural_art's default\n", request.run.c_str(),
                config.optimizee.c_str());
  }
  std::vector<std::vector<LabelledPicture>> rows;
  for (std::size_t k = 0; k < files.size(); ++k) {
    try {
      rows.push_back(painter.paint(contents[k], request.contents[k], files[k]));
    } catch (const Interrupted&) {
      throw Interrupted{format("interrupted: %zu of %zu pictures are made", k, files.size()) +
                        (k > 0 ? "; give the same call with the other --content for the rest" : "")};
    }
  }
  if (!request.sheet.empty()) {
    write_png(request.sheet, sheet(rows));
    std::printf("sheet of contents, results and styles: %s\n", request.sheet.c_str());
  }
  return 0;
}

}  // namespace l2l
