#pragma once
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// A row of a table that l2l wrote.
struct CsvRow {
  std::string_view line;  // with its newline
  int number;  // of the line in the file; the header's is 1
  std::vector<std::string_view> cells;

  /// The number in a cell, which may be nan or inf. Throws an Error that names line and column for anything else.
  double at(std::size_t column) const;
  /// The same for a cell that holds a count.
  int count(std::size_t column) const;
};

/// The rows below `header` (a line with its newline), or the first `most` of them, as views of `text`. Throws an Error
/// if the header is another one, a line has the wrong number of cells, or the last line has no newline.
std::vector<CsvRow> read_csv(std::string_view text, std::string_view header,
                             std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace l2l
