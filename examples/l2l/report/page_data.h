#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "examples/l2l/report/figures.h"
#include "examples/l2l/run/run_folder.h"

namespace l2l {

/// The numbers of the page's plots, read from the tables of the runs in FOLDER/NAME, as an element of HTML: JSON that
/// report/page/page.js reads. A table that is not there is left out; an Error names one that is damaged, and ends with
/// the remedy.
std::string page_data(const std::filesystem::path& folder, const std::vector<FigureRun>& runs,
                      const std::string& remedy);

}  // namespace l2l
