#include "examples/l2l/report/sheet.h"

#include <stb/stb_easy_font.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace l2l {
namespace {

constexpr Index kGap = 6;  // pixels between two pictures, and around all
constexpr Index kLine = 12;  // height of a line of text of size 1
constexpr Index kReadable = 128;  // pixels of a picture for which that is large enough

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

/// stb_easy_font takes a char*, which it does not change, and looks letters up without a check.
std::string ascii(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

/// Black letters of some size, a whole number.
struct Letters {
  Index size = 1;

  Index line() const { return size * kLine; }
  Index width_of(std::string text) const { return size * stb_easy_font_width(text.data()); }
  void draw(std::string text, Index top, Index left, Picture& onto) const;
  /// The label in lines of at most `width` pixels, as far as its words allow.
  std::vector<std::string> wrapped(const std::string& label, Index width) const;
  Index longest_word(const std::string& label) const;
};

/// The font gives letters as rectangles.
void Letters::draw(std::string text, Index top, Index left, Picture& onto) const {
  struct Corner {
    float x, y, z;
    unsigned char colour[4];
  };
  std::vector<Corner> corners(4 * 30 * text.size());  // a letter has some ten rectangles
  const int count = stb_easy_font_print(0, 0, text.data(), nullptr, corners.data(),
                                        static_cast<int>(corners.size() * sizeof(Corner)));
  for (int k = 0; k < count; ++k) {
    const Corner &first = corners[4 * k], &last = corners[4 * k + 2];  // opposite ones
    const auto pixel = [&](Index start, float at) { return start + size * std::lround(at); };
    for (Index y = pixel(top, first.y); y < std::min(pixel(top, last.y), onto.height); ++y) {
      for (Index x = pixel(left, first.x); x < std::min(pixel(left, last.x), onto.width); ++x) {
        for (Index c = 0; c < 3; ++c) onto.pixels[(c * onto.height + y) * onto.width + x] = 0;
      }
    }
  }
}

std::vector<std::string> Letters::wrapped(const std::string& label, Index width) const {
  std::vector<std::string> lines;
  std::istringstream words(ascii(label));
  for (std::string word; words >> word;) {
    if (lines.empty() || width_of(lines.back() + " " + word) > width) {
      lines.push_back(word);
    } else {
      lines.back() += " " + word;
    }
  }
  return lines;
}

Index Letters::longest_word(const std::string& label) const {
  Index longest = 0;
  std::istringstream words(ascii(label));
  for (std::string word; words >> word;) longest = std::max(longest, width_of(word));
  return longest;
}

}  // namespace

Picture sheet(const std::vector<std::vector<LabelledPicture>>& rows) {
  Letters letters;
  for (const auto& row : rows) {
    for (const LabelledPicture& cell : row) letters.size = std::max(letters.size, cell.picture.width / kReadable);
  }
  std::vector<Index> pictures(rows.size()), texts(rows.size()), widths;  // heights of rows, widths of columns
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t k = 0; k < row.size(); ++k) {
      widths[k] = std::max({widths[k], row[k].picture.width, letters.longest_word(row[k].label)});
    }
  }
  std::vector<Index> heights(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < rows[r].size(); ++k) {
      pictures[r] = std::max(pictures[r], rows[r][k].picture.height);
      texts[r] = std::max(texts[r], letters.line() * std::ssize(letters.wrapped(rows[r][k].label, widths[k])));
    }
    heights[r] = texts[r] + pictures[r];
  }
  const std::vector<Index> tops = borders(heights), lefts = borders(widths);
  Picture all{tops.back(), lefts.back(), {}};
  all.pixels.assign(3 * all.height * all.width, Real(1));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < rows[r].size(); ++k) {
      const auto& [picture, label] = rows[r][k];
      const std::vector<std::string> lines = letters.wrapped(label, widths[k]);
      for (std::size_t line = 0; line < lines.size(); ++line) {
        letters.draw(lines[line], tops[r] + letters.line() * static_cast<Index>(line), lefts[k], all);
      }
      paste(picture, tops[r] + texts[r] + (pictures[r] - picture.height) / 2,
            lefts[k] + (widths[k] - picture.width) / 2, all);
    }
  }
  return all;
}

}  // namespace l2l
