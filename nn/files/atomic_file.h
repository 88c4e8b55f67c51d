#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace l2l {

/// Replaces the file at `path` by `content`, completely or not at all. Writes a temporary file in the same folder,
/// flushes it to the disk, renames it to `path`, and flushes the folder. An Error names the path and the system's
/// reason.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

struct NewFile {
  std::filesystem::path path;
  std::string content;
};
/// Writes several files that belong together. All are on the disk before the first is renamed, so a full disk changes
/// nothing. Then the files in `instead_of` are removed, and the new ones are renamed in this order: if the process is
/// killed in between, the last one is missing.
void write_files_atomically(const std::vector<NewFile>& files,
                            const std::vector<std::filesystem::path>& instead_of = {});

/// To be called before the work whose result goes there: tries to create a temporary file beside it. Throws an Error as
/// above if that fails, if the name is too long, or if `path` is a folder.
void check_writable(const std::filesystem::path& path);

/// The same for several files that belong together. Throws an Error unless there is room for them.
void check_room(const std::vector<NewFile>& files);

/// From now on this process writes no files: the functions above do nothing. For one that works for another process,
/// which writes what both have worked out.
void write_no_files();
bool writes_files();

/// Whether a file has the name of a temporary one, left by a process that was killed.
bool is_temporary_name(const std::filesystem::path& path);

}  // namespace l2l
