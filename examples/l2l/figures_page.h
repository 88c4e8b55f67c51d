#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "examples/l2l/figures.h"

namespace l2l {

/// What l2l compare or l2l probe wrote to this file, as far as the page needs it. An Error names a file that is
/// damaged.
nlohmann::json read_comparison(const std::filesystem::path& file);
nlohmann::json read_probe(const std::filesystem::path& file);

/// The report as one HTML page that needs nothing else, pictures included: for each run the training, its figures with
/// their numbers beside the paper's, and what the probe saw, as far as these files are in FOLDER/NAME.
std::string figures_page(const std::filesystem::path& folder, const std::vector<FigureRun>& runs);

}  // namespace l2l
