#include "examples/l2l/style_painter.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/report/report.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/trial.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optimizees/neural_art/picture_search.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

constexpr double kLongestSide = 4;  // times the shorter one
constexpr Index kCoarsest = 64;  // the first search has a shorter side from this to less than twice this
constexpr Index kSmallestStyle = 32;  // as many pixels have to be left of a style
constexpr std::chrono::seconds kBetweenPreviews(2);

Picture scaled(const Picture& picture, Index size) {
  const double factor = static_cast<double>(size) / static_cast<double>(std::min(picture.height, picture.width));
  const auto side = [&](Index old) { return std::llround(static_cast<double>(old) * factor); };
  return resize(picture, side(picture.height), side(picture.width));
}

/// The requested optimizer, with its schedule. The learning rate of a rule is given, from a comparison, or tuned on the
/// same search.
std::unique_ptr<Optimizer> optimizer_for(const Family& search, const LearnedOptimizer& learned,
                                         const StyleRequest& request, StatusLine& status) {
  if (request.optimizer == kLearned) {
    auto optimizer = make_optimizer(learned, request.threads);
    return request.schedule ? with_schedule(std::move(optimizer), *request.schedule, request.steps)
                            : std::move(optimizer);
  }
  Rule rule = find_rule(request.optimizer);
  if (request.schedule) rule = with_schedule(rule, *request.schedule, request.steps);
  if (request.rate) return rule.make(*request.rate);
  if (!request.rate_of.empty()) return rule.make(compared_rate(request.rate_of, request.optimizer, "neural_art"));
  TuneOptions options;
  options.low = 1e-3;
  options.per_decade = 2;
  // One search at a time, as the memory was computed for one.
  options.evaluate = {Split::validation, 1, request.steps, request.seed, 1};
  return rule.make(tune(rule, search, options, status));
}

/// Which pixel of a picture of height h and width w each pixel of a larger one enlarges, for their θ.
std::vector<Index> enlarged_from(Index h, Index w, Index height, Index width) {
  std::vector<Index> from;
  for (Index c = 0; c < 3; ++c) {
    for (Index y = 0; y < height; ++y) {
      for (Index x = 0; x < width; ++x) from.push_back((c * h + y * h / height) * w + x * w / width);
    }
  }
  return from;
}

/// Searches for the picture, and returns its θ; `visit` sees each step's.
std::vector<Real> follow(const Family& search, Optimizer& optimizer, const StyleRequest& request,
                         const std::function<void(int step, double loss, std::span<const Real> theta)>& visit) {
  Rng rng(request.seed);
  Trajectory trajectory(request.threads);
  trajectory.start(search, rng, Split::test);
  for (int t = 0;; ++t) {
    const double loss = trajectory.evaluate(rng);
    if (!std::isfinite(loss)) {
      if (t == 0) throw Error("the loss is ", loss, " at the start of the search; check --features and --init");
      throw Error("the search diverged: the loss is ", loss, " at step ", t, "; try ",
                  request.optimizer == kLearned ? "fewer --steps or --optimizer adam" : "a smaller --rate");
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

/// The name of a picture's file for a label, which is wrapped at spaces.
std::string label_of(const std::string& file) {
  std::string name = fs::path(file).stem().string();
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace

Picture read_scaled(const std::string& file, Index size) {
  const Picture picture = read_picture(file, size);
  const Index shorter = std::min(picture.height, picture.width), longer = std::max(picture.height, picture.width);
  if (static_cast<double>(longer) > kLongestSide * static_cast<double>(shorter)) {
    throw Error(file, ": ", picture.width, "x", picture.height, " pixels: one side is more than ", kLongestSide,
                " times the other; crop it");
  }
  return scaled(picture, size);
}

Painter::Painter(const StyleRequest& request, StyleLoss loss, double init, const LearnedOptimizer& learned)
    : request_(request), loss_(std::move(loss)), init_(init), learned_(learned), sizes_{request.size} {
  for (const std::string& file : request.styles) {
    styles_.push_back(read_scaled(file, request.style_size.value_or(request.size)));
  }
  while (sizes_.front() >= 2 * kCoarsest && std::ssize(sizes_) < request.levels.value_or(sizes_.front())) {
    sizes_.insert(sizes_.begin(), sizes_.front() / 2);
  }
}

std::vector<WeightedPicture> Painter::styles_for(const Picture& content, Index size) const {
  std::vector<WeightedPicture> styles;
  double weights = 0;
  for (std::size_t k = 0; k < styles_.size(); ++k) {
    const double weight = request_.style_weights.empty() ? 1 : request_.style_weights[k];
    weights += weight;
    if (request_.strength == 0) continue;
    const Index side = std::min(styles_[k].height, styles_[k].width), level = side * size / request_.size;
    styles.push_back({scaled(compared(styles_[k]), std::max(level, std::min(side, kSmallestStyle))), weight});
  }
  // Relative to the styles', whose weights sum to the strength.
  if (request_.strength == 1) return styles;
  const double share = request_.strength == 0 ? 1 : weights * (1 - request_.strength) / request_.strength;
  styles.push_back({content, share});
  return styles;
}

Picture Painter::search(const Picture& content, Index size, const std::optional<Picture>& start, const Visit& visit) {
  const Picture colours = scaled(content, size), shapes = compared(colours);
  const std::string extent = format("%ldx%ld", static_cast<long>(shapes.width), static_cast<long>(shapes.height));
  loss_.set_styles(styles_for(shapes, size));
  PictureSearch search = start ? PictureSearch(loss_, shapes, *start) : PictureSearch(loss_, shapes, init_);
  const Family same = interruptible(Family([&](Rng&, Split) { return std::make_unique<PictureSearch>(search); }));
  StatusLine status;
  if (start) {
    // Steps are counted from the end of the first level again: with all of them, rate and momentum leave what was
    // trained for, and a loss may rise.
    const std::vector<Index> from = enlarged_from(start->height, start->width, shapes.height, shapes.width);
    optimizer_->move_to(search.layout(), from, request_.steps);
  } else {
    optimizer_ = optimizer_for(same, learned_, request_, status);
    optimizer_->reset(search.layout());
  }
  Pace pace(0, request_.steps, "step");
  double first_loss = 0, last_loss = 0;
  const std::vector<Real> found =
      follow(same, *optimizer_, request_, [&](int step, double loss, std::span<const Real> theta) {
        if (step == 0) first_loss = loss;
        last_loss = loss;
        if (step > 0) status.update(extent + "  " + pace.after(step) + format("  loss %.4g", loss));
        visit(step, loss, [&] {
          const Picture picture = to_rgb(theta, shapes.height, shapes.width);
          return request_.keep_colours ? with_colours_of(colours, picture) : picture;
        });
      });
  status.finish(extent + format(": %s, %d steps: loss %.4g to %.4g (%s)", request_.optimizer.c_str(), request_.steps,
                                first_loss, last_loss, terms_text(search, found).c_str()));
  return to_rgb(found, shapes.height, shapes.width);
}

std::vector<LabelledPicture> Painter::paint(const Picture& content, const std::string& file, const StyleFiles& files) {
  std::printf("%s: %ldx%ld pixels, %ld coordinates\n", files.out.c_str(), static_cast<long>(content.width),
              static_cast<long>(content.height), static_cast<long>(content.pixels.size()));
  std::fflush(stdout);
  std::vector<LabelledPicture> row = {{content, "content: " + label_of(file)}};
  std::optional<Picture> found;
  auto last_preview = std::chrono::steady_clock::now();
  for (const Index size : sizes_) {
    found = search(content, size, found, [&](int step, double loss, const std::function<Picture()>& shown) {
      const bool last = step == request_.steps;
      if (const auto now = std::chrono::steady_clock::now();
          !request_.preview.empty() && (last || now - last_preview > kBetweenPreviews)) {
        write_png(request_.preview, shown());
        last_preview = now;
      }
      const auto frame = std::ranges::find(files.frames, step, [](const auto& frame) { return frame.first; });
      if (size != sizes_.back() || (!last && frame == files.frames.end())) return;
      row.push_back({shown(), format("%s, step %d, loss %.3f", request_.optimizer.c_str(), step, loss)});
      write_png(last ? files.out : frame->second, row.back().picture);
    });
  }
  for (std::size_t k = 0; k < styles_.size(); ++k)
    row.push_back({styles_[k], "style: " + label_of(request_.styles[k])});
  return row;
}

}  // namespace l2l
