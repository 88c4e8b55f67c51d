#include "nn/files/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <string>

#include "autodiff/error.h"

namespace l2l {
namespace {

/// An open file or folder, closed at the end of the scope.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw Error(path.string(), ": cannot be written: ", std::strerror(errno));
}

// Does not contain the name of the final file: with a long one it would exceed the limit, when all the work is done.
constexpr std::string_view kTemporaryPrefix = ".l2l-", kSuffix = ".tmp";

/// A name that no other process or thread uses: .l2l-PID-COUNT.tmp
std::string temporary_name() {
  static std::atomic<unsigned> counter = 0;
  return std::string(kTemporaryPrefix) + std::to_string(::getpid()) + "-" + std::to_string(counter++) +
         std::string(kSuffix);
}

/// A new file beside `path` under a temporary name, removed at the end of the scope unless it was renamed to `path`.
/// Names are relative to the open folder, as the path of a temporary file may be too long.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& path)
      : path_(path),
        folder_{::open(path.has_parent_path() ? path.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {
    if (folder_.fd < 0) fail(path);
    // Permissions by the umask, as for any new file. Those of mkstemp would be narrower.
    do {
      name_ = temporary_name();
      file_.fd = ::openat(folder_.fd, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (file_.fd < 0 && errno == EEXIST);
    if (file_.fd < 0) fail(path);
  }
  ~TemporaryFile() {
    if (!renamed_) ::unlinkat(folder_.fd, name_.c_str(), 0);
  }
  TemporaryFile(const TemporaryFile&) = delete;

  void write(std::string_view content) const {
    while (!content.empty()) {
      const ssize_t written = ::write(file_.fd, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(path_);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file_.fd) != 0) fail(path_);  // without it a power cut could leave the new name on an empty file
  }
  void rename() {
    if (::renameat(folder_.fd, name_.c_str(), folder_.fd, path_.filename().c_str()) != 0) fail(path_);
    renamed_ = true;
  }
  void keep_name() const {
    if (::fsync(folder_.fd) != 0) fail(path_);
  }

 private:
  std::filesystem::path path_;
  Descriptor folder_, file_{-1};
  std::string name_;
  bool renamed_ = false;
};

bool writing = true;

/// Writes all files, and renames none. A list, as a TemporaryFile cannot be moved.
std::list<TemporaryFile> write_unnamed(const std::vector<NewFile>& files) {
  std::list<TemporaryFile> written;
  for (const NewFile& file : files) written.emplace_back(file.path).write(file.content);
  return written;
}

}  // namespace

void write_no_files() { writing = false; }
bool writes_files() { return writing; }

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  if (!writing) return;
  TemporaryFile file(path);
  file.write(content);
  file.rename();
  file.keep_name();
}

void write_files_atomically(const std::vector<NewFile>& files, const std::vector<std::filesystem::path>& instead_of) {
  if (!writing) return;
  std::list<TemporaryFile> written = write_unnamed(files);
  for (const std::filesystem::path& file : instead_of) {
    std::error_code failure;
    std::filesystem::remove(file, failure);
    if (failure) throw Error(file.string(), ": cannot be removed: ", failure.message());
  }
  for (TemporaryFile& file : written) file.rename();
  for (const TemporaryFile& file : written) file.keep_name();
}

void check_writable(const std::filesystem::path& path) {
  if (!writing) return;
  struct stat there;
  const bool exists = ::lstat(path.c_str(), &there) == 0;
  if (!exists && errno != ENOENT) fail(path);  // ENAMETOOLONG, say
  if (!path.has_filename() || (exists && S_ISDIR(there.st_mode))) {
    errno = EISDIR;
    fail(path);
  }
  const TemporaryFile tried(path);
}

void check_room(const std::vector<NewFile>& files) {
  if (writing) write_unnamed(files);
}

bool is_temporary_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kTemporaryPrefix) || !name.ends_with(kSuffix)) return false;
  const std::string_view middle =
      std::string_view(name).substr(kTemporaryPrefix.size(), name.size() - kTemporaryPrefix.size() - kSuffix.size());
  return middle.find_first_not_of("0123456789-") == std::string_view::npos;
}

}  // namespace l2l
