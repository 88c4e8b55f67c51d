#pragma once
#include <filesystem>
#include <string>

namespace l2l {

/// Why there is no file to be read at `path`: the system's reason, or "it is no file" for a folder, a pipe or a device;
/// "" if there is one. To be asked before a file is opened: the opening of a pipe waits for somebody who writes.
std::string why_no_file(const std::filesystem::path& path);

}  // namespace l2l
