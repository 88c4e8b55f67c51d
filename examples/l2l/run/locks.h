#pragma once
#include <filesystem>
#include <vector>

/// None of these does anything in a process that writes no files (see nn/files/atomic_file.h): the one that writes has
/// the locks.
namespace l2l {

/// Locks a folder against other l2l processes for its lifetime: `alone` against all, `together` against those that want
/// to be alone. Throws an Error if such a process is at work there already. A process that is alone removes what killed
/// processes left. On a file system without locks it does nothing.
class FolderLock {
 public:
  enum Kind { alone, together };
  FolderLock(const std::filesystem::path& folder, Kind kind);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

/// Locks an output, a file of this name, against other l2l processes for its lifetime. Throws an Error if one is at
/// work on it. Removes the locks that killed processes left in the same folder.
class OutputLock {
 public:
  explicit OutputLock(const std::filesystem::path& output);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

 private:
  std::filesystem::path file_;  // beside the output
  int descriptor_ = -1;
};

/// Creates a folder and its parents if they are missing. At the end of the scope, those that it created and that are
/// still empty are removed: a command that fails leaves no folder.
class OutputFolder {
 public:
  /// An Error names `flag`, by which the folder was given.
  explicit OutputFolder(const std::filesystem::path& folder, const char* flag = "--out");
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

 private:
  void remove_made() const;

  std::vector<std::filesystem::path> made_;  // the innermost first
};

}  // namespace l2l
