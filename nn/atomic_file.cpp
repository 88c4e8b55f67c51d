#include "nn/atomic_file.h"

#include <fcntl.h>
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

/// A file's name until it is renamed to what it is meant to be; at the end of the scope it is gone either way.
struct TemporaryName {
  std::string name;
  ~TemporaryName() { ::unlink(name.c_str()); }
};

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw Error(path.string(), ": cannot be written: ", std::strerror(errno));
}

/// Creates a file of a name that no other process or thread uses. Its permissions are those of any new file (the
/// process's umask decides), not the narrower ones of mkstemp.
int create_beside(const std::filesystem::path& path, std::string& name) {
  static std::atomic<unsigned> counter = 0;
  int fd;
  do {
    name = path.string() + "." + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
    fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == EEXIST);
  return fd;
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// A file under a temporary name, flushed to the disk.
class Written {
 public:
  Written(const std::filesystem::path& path, std::string_view content)
      : path_(path),
        folder_{::open(path.has_parent_path() ? path.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {
    if (folder_.fd < 0) fail(path);
    const Descriptor file{create_beside(path, temporary_.name)};
    if (file.fd < 0) fail(path);
    // Without this a power cut could leave the new name on an empty file.
    if (!write_all(file.fd, content) || ::fsync(file.fd) != 0) fail(path);
  }
  void rename() const {
    if (::rename(temporary_.name.c_str(), path_.c_str()) != 0) fail(path_);
    if (::fsync(folder_.fd) != 0) fail(path_);  // keeps the new name
  }

 private:
  std::filesystem::path path_;
  Descriptor folder_;
  TemporaryName temporary_;
};

}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  Written(path, content).rename();
}

void write_files_atomically(const std::vector<NewFile>& files) {
  std::list<Written> written;  // they do not move
  for (const NewFile& file : files) written.emplace_back(file.path, file.content);
  for (const Written& file : written) file.rename();
}

}  // namespace l2l
