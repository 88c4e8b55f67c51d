#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace l2l {

/// The paths of optimizers over a function of two coordinates, or over a plane: FOLDER/walk.json, for the page.
///
///     kind             "coordinates" or "plane"
///     x, y             [low, high] of the map
///     columns, rows    of its grid
///     grid             losses at equal distances, edges included; rows from low y to high y; null: not finite
///     minima           [x, y] of each
///     paths            name, rate (null: learned), points ([x, y] of each step), losses (of each step)
///
/// All of it is checked. Other members are left out. An Error names the file, and ends with the remedy.
nlohmann::ordered_json walk_data(const std::filesystem::path& json, const std::string& remedy);

}  // namespace l2l
