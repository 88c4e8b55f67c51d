#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "examples/l2l/report/figures.h"
#include "examples/l2l/report/report.h"

namespace l2l {

/// A row of the table of speed-ups: comparisons of trainings that differ in their seeds alone, with the same settings
/// and so on the same functions.
struct SpeedupRow {
  std::vector<std::string> runs;  // their folders
  std::string label;  // of the comparison
  std::string functions;  // "mnist, units 40"
  std::vector<std::string> rules;  // the best rule, in each
  int step = 0, window = 1;  // see RunSpeedup
  std::vector<std::vector<Speedup>> of_each;  // [run][function]
};

/// All comparisons of the runs in a folder on the optimizees of these, each a subfolder with a config.json.
/// Runs are seeds of one training if the seed is all that differs in their config.json, and in refine.json if there is
/// one (there the run that was refined may differ too). A seed counts once: a run with the same seeds as another one,
/// such as a copy, has a row of its own. `skipped` gets the comparisons of an older version, which have no speed-ups.
/// An Error names a damaged file, and ends with the remedy.
std::vector<SpeedupRow> speedup_rows(const std::filesystem::path& folder, const std::vector<FigureRun>& runs,
                                     std::vector<std::filesystem::path>* skipped = nullptr);

/// The table's cells: a line for each row, and one for all of them if there are several, below the titles.
using Cells = std::vector<std::vector<std::string>>;
Cells speedup_cells(const std::vector<SpeedupRow>& rows);
/// Says how to read them.
std::string speedup_note();
/// The cells in columns, to be printed.
std::string in_columns(const Cells& cells);

inline constexpr const char* kSpeedupsHeader =
    "runs,label,functions_of,rule,step,window,seeds,functions,speedup,low,high,at_most,reached\n";
/// A line for each row. Texts with a comma or a quotation mark are quoted as in RFC 4180.
std::string speedups_csv(const std::vector<SpeedupRow>& rows);

}  // namespace l2l
