#pragma once
#include <filesystem>
#include <string>

namespace l2l {

/// Why there is no file to read at `path`: the system's reason, or "not a regular file" for a folder, a pipe or a
/// device; "" if there is one. To be called before a file is opened, as opening a pipe blocks until somebody writes.
std::string why_no_file(const std::filesystem::path& path);

}  // namespace l2l
