#pragma once
#include <filesystem>
#include <vector>

namespace l2l {

/// A folder that other l2l processes keep out of for as long as this lives: `alone` keeps all out, `together` those
/// that want to be alone. It is an Error if one that must be kept out is at work there already. Who is alone sweeps
/// away what killed processes left. A file system without locks has none.
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

/// An output, a file of this name, that no other l2l process makes for as long as this lives; an Error if one does.
/// What killed processes left of theirs in the same folder goes.
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

/// A folder, made if need be with those that it is in. What was made goes again at the end of the scope if it is still
/// empty: a command that comes to nothing leaves no folder.
class OutputFolder {
 public:
  /// An Error names `flag`, which the folder was given by.
  explicit OutputFolder(const std::filesystem::path& folder, const char* flag = "--out");
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

 private:
  void remove_made() const;

  std::vector<std::filesystem::path> made_;  // the innermost first
};

}  // namespace l2l
