#pragma once
#include <filesystem>
#include <string>

namespace l2l {

/// The whole file as text. An Error names the file and the reason. A file larger than any that l2l writes is refused
/// before it is read.
std::string read_text(const std::filesystem::path& path);

}  // namespace l2l
