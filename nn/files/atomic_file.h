#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// Replaces the file at `path` by `content`, wholly or not at all: written to a temporary file in the same folder,
/// flushed to the disk, renamed over `path`, and the folder flushed. An Error names the path and the system's reason.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

struct NewFile {
  std::filesystem::path path;
  std::string content;
};
/// Several files that belong together. All are on the disk before the first is renamed, so that a full disk leaves what
/// was there. Then those that they stand `instead_of` are removed, and the new ones take their names in this order:
/// where a process is killed on the way, the last one is missing.
void write_files_atomically(const std::vector<NewFile>& files,
                            const std::vector<std::filesystem::path>& instead_of = {});

/// Before the work that will be written there: tries a temporary file beside it. An Error as above if that fails, if
/// the name is too long, or if it is that of a folder.
void check_writable(const std::filesystem::path& path);

/// Likewise for several files that belong together: an Error unless there is room for them.
void check_room(const std::vector<NewFile>& files);

/// Whether a file has the name of a temporary one. A process that is killed leaves it behind.
bool is_temporary_name(const std::filesystem::path& path);

}  // namespace l2l
