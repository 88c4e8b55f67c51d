#include "optimizees/neural_art/picture_search.h"

#include "autodiff/error.h"
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

PictureSearch::PictureSearch(StyleLoss loss, Index height, Index width, double init)
    : loss_(std::move(loss)), height_(height), width_(width), init_(init) {
  layout_.add("picture", {3, height, width});
}

void PictureSearch::set_content(const Picture& content) {
  if (content.height != height_ || content.width != width_) {
    throw Error("PictureSearch: the content has ", content.width, "x", content.height, " pixels, the search ", width_,
                "x", height_);
  }
  loss_.set_content(content);
  has_content_ = true;
}

StyleLoss::Terms PictureSearch::terms(Tape& tape, Var theta) {
  if (!has_content_) throw Error("neural_art: a loss was asked for before there was a content");
  return loss_(tape, to_rgb(theta, height_, width_));
}

Var PictureSearch::loss(Tape& tape, Var theta) { return static_cast<Real>(functions()) * terms(tape, theta).total; }

}  // namespace l2l
