#pragma once
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// A line of a table that l2l wrote, and its cells.
struct CsvRow {
  std::string_view line;  // with its end
  int number;  // of the line in the file, the header's is 1
  std::vector<std::string_view> cells;

  /// The number in a cell, maybe "nan" or "inf"; an Error that names line and column for anything else.
  double at(std::size_t column) const;
  /// Likewise, of a cell that counts.
  int count(std::size_t column) const;
};

/// The rows below `header`, a line with its end, or the first `most` of them; they refer to `text`. An Error says what
/// is not as l2l writes it: the header, how many cells a line has, a last line without an end.
std::vector<CsvRow> read_csv(std::string_view text, std::string_view header,
                             std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace l2l
