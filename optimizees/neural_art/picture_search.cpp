#include "optimizees/neural_art/picture_search.h"

#include <algorithm>

#include "autodiff/ops.h"

namespace l2l {
namespace {
constexpr Real kGrey = 0.5, kUnit = 0.25;
}

Var to_rgb(Var theta, Index height, Index width) { return kGrey + kUnit * reshape(theta, {1, 3, height, width}); }

Picture to_rgb(std::span<const Real> theta, Index height, Index width) {
  Picture picture{height, width, {theta.begin(), theta.end()}};
  for (Real& value : picture.pixels) value = kGrey + kUnit * value;
  return picture;
}

PictureSearch::PictureSearch(StyleLoss loss, const Picture& content, double init)
    : loss_(std::move(loss)), height_(content.height), width_(content.width), init_(init) {
  layout_.add("picture", {3, height_, width_});
  loss_.set_content(content);
}

PictureSearch::PictureSearch(StyleLoss loss, const Picture& content, const Picture& start)
    : PictureSearch(std::move(loss), content, 0) {
  start_ = resize(start, height_, width_).pixels;
  for (Real& value : start_) value = (value - kGrey) / kUnit;
}

void PictureSearch::init(Rng& rng, std::span<Real> theta) const {
  if (start_.empty()) {
    rng.fill_normal(theta, 0, init_);
  } else {
    std::ranges::copy(start_, theta.begin());
  }
}

StyleLoss::Terms PictureSearch::terms(Tape& tape, Var theta) { return loss_(tape, to_rgb(theta, height_, width_)); }

Var PictureSearch::loss(Tape& tape, Var theta) { return static_cast<Real>(functions()) * terms(tape, theta).total; }

}  // namespace l2l
