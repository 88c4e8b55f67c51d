#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "examples/l2l/report/figures.h"

namespace l2l {

/// Marks a page as ours.
inline constexpr const char* kGenerator = "<meta name=\"generator\" content=\"l2l figures\">";
/// The remedy for a damaged file that the page needs.
inline constexpr const char* kDeleteIt = "; delete it, and l2l figures makes it again, or leaves it out";

/// The report as one self-contained HTML page: for each run the training, its figures with their numbers beside the
/// paper's, and the probe. What is not in FOLDER/NAME is left out.
std::string figures_page(const std::filesystem::path& folder, const std::vector<FigureRun>& runs);

}  // namespace l2l
