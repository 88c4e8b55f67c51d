#include "examples/l2l/run/locks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "nn/files/atomic_file.h"

namespace l2l {
namespace {

namespace fs = std::filesystem;

/// Whether we have the lock now. True also on a file system without locks.
bool take(int descriptor, int operation) { return flock(descriptor, operation | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

/// A hash of the name, as a suffix could make a long name too long.
fs::path lock_file(const fs::path& output) {
  const std::size_t hash = std::hash<std::string>()(output.filename().string());
  return output.parent_path() / format(".l2l-%zx.lock", hash);
}
bool is_lock_file(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(".l2l-") && name.ends_with(".lock");
}

/// Removes what killed processes left. For a process that is alone in the folder.
void sweep(const fs::path& folder) {
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    if (is_temporary_name(entry.path()) || is_lock_file(entry.path())) fs::remove(entry.path(), failure);
  }
}

/// Removes the lock files of other outputs in the same folder that nobody holds. `own` is our own lock file.
void sweep_beside(const fs::path& own) {
  std::error_code failure;
  const fs::path folder = own.has_parent_path() ? own.parent_path() : ".";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    if (!is_lock_file(entry.path()) || entry.path().filename() == own.filename()) continue;
    const int descriptor = open(entry.path().c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) continue;
    if (take(descriptor, LOCK_EX)) unlink(entry.path().c_str());
    close(descriptor);
  }
}

/// How long another process may hold a lock only to sweep.
constexpr std::chrono::seconds kSweep(1);

}  // namespace

FolderLock::FolderLock(const fs::path& folder, Kind kind)
    : descriptor_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0 || !writes_files()) return;  // if it is not there, the next access reports the reason
  const auto deadline = std::chrono::steady_clock::now() + kSweep;
  for (;;) {
    if (take(descriptor_, LOCK_EX)) {
      sweep(folder);
      if (kind == alone || take(descriptor_, LOCK_SH)) return;
    }
    if (kind == together && take(descriptor_, LOCK_SH)) return;
    if (std::chrono::steady_clock::now() > deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  close(descriptor_);
  throw Error(folder.string(), ": another l2l is at work in this folder; wait for it, or choose another folder");
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

OutputLock::OutputLock(const fs::path& output) : file_(lock_file(output)) {
  if (!writes_files()) return;
  const auto deadline = std::chrono::steady_clock::now() + kSweep;
  for (;;) {
    descriptor_ = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) return;  // writing the output reports the reason
    if (!take(descriptor_, LOCK_EX)) {
      close(descriptor_);
      if (std::chrono::steady_clock::now() > deadline) {
        throw Error(output.string(), ": another l2l is at work on this file; wait for it");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    // The previous holder may have removed the file after we opened it.
    struct stat locked, there;
    if (fstat(descriptor_, &locked) != 0 || (stat(file_.c_str(), &there) == 0 && locked.st_ino == there.st_ino)) break;
    close(descriptor_);
  }
  sweep_beside(file_);
}

OutputLock::~OutputLock() {
  if (descriptor_ < 0) return;
  unlink(file_.c_str());
  close(descriptor_);
}

OutputFolder::OutputFolder(const fs::path& folder, const char* flag) {
  if (!writes_files()) return;
  std::error_code failure;
  const auto missing = [&](const fs::path& p) { return fs::status(p, failure).type() == fs::file_type::not_found; };
  for (fs::path p = folder; !p.empty() && missing(p); p = p.parent_path()) made_.push_back(p);
  fs::create_directories(folder, failure);
  if (!failure) return;
  remove_made();
  throw Error(flag, " ", folder.string(), ": cannot make this folder: ", failure.message());
}

OutputFolder::~OutputFolder() { remove_made(); }

void OutputFolder::remove_made() const {
  for (const fs::path& folder : made_) rmdir(folder.c_str());  // fails if it is not empty
}

}  // namespace l2l
