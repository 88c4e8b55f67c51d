#include "examples/l2l/report/sheet.h"

#include <algorithm>

namespace l2l {
namespace {

constexpr Index kGap = 6;  // pixels between two pictures, and around all

/// Where each cell begins, and after the last one, where the sheet ends.
std::vector<Index> borders(const std::vector<Index>& sizes) {
  std::vector<Index> begin = {kGap};
  for (const Index size : sizes) begin.push_back(begin.back() + size + kGap);
  return begin;
}

void paste(const Picture& picture, Index top, Index left, Picture& onto) {
  for (Index c = 0; c < 3; ++c) {
    for (Index y = 0; y < picture.height; ++y) {
      std::copy_n(picture.pixels.data() + (c * picture.height + y) * picture.width, picture.width,
                  onto.pixels.data() + (c * onto.height + top + y) * onto.width + left);
    }
  }
}

}  // namespace

Picture sheet(const std::vector<std::vector<Picture>>& rows) {
  std::vector<Index> heights(rows.size()), widths;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    widths.resize(std::max(widths.size(), rows[r].size()));
    for (std::size_t k = 0; k < rows[r].size(); ++k) {
      heights[r] = std::max(heights[r], rows[r][k].height);
      widths[k] = std::max(widths[k], rows[r][k].width);
    }
  }
  const std::vector<Index> tops = borders(heights), lefts = borders(widths);
  Picture all{tops.back(), lefts.back(), {}};
  all.pixels.assign(3 * all.height * all.width, Real(1));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < rows[r].size(); ++k) {
      const Picture& picture = rows[r][k];
      paste(picture, tops[r] + (heights[r] - picture.height) / 2, lefts[k] + (widths[k] - picture.width) / 2, all);
    }
  }
  return all;
}

}  // namespace l2l
