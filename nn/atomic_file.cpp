#include "nn/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
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

}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor folder{::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.fd < 0) fail(path);
  std::string name;
  const Descriptor file{create_beside(path, name)};
  if (file.fd < 0) fail(path);
  const TemporaryName temporary{name};
  // Without the first fsync a power cut could leave the new name on an empty file; the second keeps the new name.
  if (!write_all(file.fd, content) || ::fsync(file.fd) != 0) fail(path);
  if (::rename(name.c_str(), path.c_str()) != 0) fail(path);
  if (::fsync(folder.fd) != 0) fail(path);
}

}  // namespace l2l
