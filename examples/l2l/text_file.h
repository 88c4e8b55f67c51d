#pragma once
#include <filesystem>
#include <string>

namespace l2l {

/// The whole file as text; an Error names it and the system's reason.
std::string read_text(const std::filesystem::path& path);

}  // namespace l2l
