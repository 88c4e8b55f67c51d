#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples/l2l/commands.h"
#include "examples/l2l/report/sheet.h"
#include "examples/l2l/style_files.h"
#include "optim/learned/learned_optimizer.h"
#include "optim/optimizer.h"
#include "optimizees/neural_art/style_loss.h"

namespace l2l {

/// The picture in a file, scaled so that its shorter side has `size` pixels. An Error if it is too long.
Picture read_scaled(const std::string& file, Index size);

/// Searches for the pictures of a request, coarse to fine: a small one from noise, then one of twice its size from that
/// enlarged, and so on. What is wide is found where it costs little, and only what is fine is left for large pictures.
/// A learned optimizer goes on from one search to the next, a rule starts anew.
class Painter {
 public:
  /// Reads the styles. `loss` without content and style; `init`: deviation of the noise. `request` and `learned` have
  /// to outlive it.
  Painter(const StyleRequest& request, StyleLoss loss, double init, const LearnedOptimizer& learned);

  /// Writes the picture, and those of the search that are asked for. `file`: what the content was read from. Returns a
  /// row of the sheet: the content, these pictures, the styles.
  std::vector<LabelledPicture> paint(const Picture& content, const std::string& file, const StyleFiles& files);

 private:
  /// A picture of a style or content as it is compared: in grey where colours are kept.
  Picture compared(const Picture& picture) const { return request_.keep_colours ? grey(picture) : picture; }
  /// The styles for a content whose shorter side is `size`; with less strength, the content is one of them.
  std::vector<WeightedPicture> styles_for(const Picture& content, Index size) const;

  /// Sees each step of a search; `shown` makes the picture as it is then.
  using Visit = std::function<void(int step, double loss, const std::function<Picture()>& shown)>;
  /// Searches for the picture whose shorter side is `size`, from `start` or noise.
  Picture search(const Picture& content, Index size, const std::optional<Picture>& start, const Visit& visit);

  const StyleRequest& request_;
  StyleLoss loss_;
  double init_;
  const LearnedOptimizer& learned_;
  std::vector<Picture> styles_;
  std::unique_ptr<Optimizer> optimizer_;  // of the content's searches
  std::vector<Index> sizes_;  // of the shorter side, from the coarsest on
};

}  // namespace l2l
