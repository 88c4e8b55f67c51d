#pragma once
#include <filesystem>
#include <string_view>

namespace l2l {

/// Replaces the file at `path` by `content`, wholly or not at all: written to a temporary file in the same folder,
/// flushed to the disk, renamed over `path`, and the folder flushed. An Error names the path and the system's reason.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

}  // namespace l2l
