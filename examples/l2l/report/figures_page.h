#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "examples/l2l/report/figures.h"

namespace l2l {

/// The mark of such a page.
inline constexpr const char* kGenerator = "<meta name=\"generator\" content=\"l2l figures\">";
/// What to do about a file that the page would be made of, and that is damaged.
inline constexpr const char* kDeleteIt = "; delete it, and l2l figures makes it anew, or does without";

/// The report as one HTML page that needs nothing else, pictures included: for each run the training, its figures with
/// their numbers beside the paper's, and what the probe saw, as far as these files are in FOLDER/NAME.
std::string figures_page(const std::filesystem::path& folder, const std::vector<FigureRun>& runs);

}  // namespace l2l
