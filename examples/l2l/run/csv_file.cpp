#include "examples/l2l/run/csv_file.h"

#include <algorithm>
#include <charconv>

#include "autodiff/error.h"
#include "examples/l2l/run/escape.h"

namespace l2l {
namespace {

template <class T>
T cell_number(const CsvRow& row, std::size_t column) {
  const std::string_view cell = row.cells[column];
  const char* end = cell.data() + cell.size();
  T number{};
  const auto [stop, error] = std::from_chars(cell.data(), end, number);
  if (cell.empty() || stop != end || error != std::errc()) {
    throw Error("line ", row.number, ", column ", column + 1, ": '", printable(cell.substr(0, 40)),
                "' is not a number");
  }
  return number;
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t comma; (comma = line.find(',')) != line.npos; line.remove_prefix(comma + 1)) {
    cells.push_back(line.substr(0, comma));
  }
  cells.push_back(line);
  return cells;
}

}  // namespace

double CsvRow::at(std::size_t column) const { return cell_number<double>(*this, column); }
int CsvRow::count(std::size_t column) const { return cell_number<int>(*this, column); }

std::vector<CsvRow> read_csv(std::string_view text, std::string_view header, std::size_t most) {
  if (!text.starts_with(header)) throw Error("its first line is not ", header.substr(0, header.size() - 1));
  text.remove_prefix(header.size());
  const std::size_t columns = std::count(header.begin(), header.end(), ',') + 1;
  std::vector<CsvRow> rows;
  while (!text.empty() && rows.size() < most) {
    const int number = static_cast<int>(rows.size()) + 2;
    const std::size_t end = text.find('\n');
    if (end == text.npos) throw Error("line ", number, " has no end");
    rows.push_back({text.substr(0, end + 1), number, cells_of(text.substr(0, end))});
    if (const std::size_t found = rows.back().cells.size(); found != columns) {
      throw Error("line ", number, " has ", found, " of the ", columns, " columns");
    }
    text.remove_prefix(end + 1);
  }
  return rows;
}

}  // namespace l2l
