#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "examples/l2l/report/report.h"

namespace l2l {

/// The curves in a comparison's table, for the page: an array of name, text, mean and sem, and where the table has
/// them difference and difference_sem, each with a number for each step. Everything is checked: there are all
/// optimizers of the comparison, with all steps. An Error names the file, and ends with the remedy.
nlohmann::ordered_json comparison_curves(const std::filesystem::path& csv, const ComparisonSummary& made,
                                         const std::string& remedy);

}  // namespace l2l
