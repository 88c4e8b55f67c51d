#include "nn/files/atomic_file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

#include "autodiff/error.h"
#include "tests/catch.h"
#include "tests/nn/temporary_folder.h"

namespace l2l::atomic_file_test {

using namespace l2l::testing;

namespace {
/// What the Error says, or "" if there is none.
std::string failure(const std::vector<NewFile>& files) {
  try {
    write_files_atomically(files);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}
std::string failure(const std::filesystem::path& path, const std::string& content) {
  return failure({{path, content}});
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST_CASE("a file is written, and replaced") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file";
  write_file_atomically(path, "first");
  CHECK(read_bytes(path) == "first");
  const std::string large(5'000'000, 'x');
  write_file_atomically(path, large);
  CHECK(read_bytes(path) == large);
  write_file_atomically(path, "");
  CHECK(read_bytes(path).empty());
  CHECK(folder.entries() == 1);
}

TEST_CASE("several files are written") {
  const TemporaryFolder folder;
  CHECK(failure({{folder.path / "a", "first"}, {folder.path / "b", "second"}}) == "");
  CHECK(read_bytes(folder.path / "a") == "first");
  CHECK(read_bytes(folder.path / "b") == "second");
  CHECK(folder.entries() == 2);
}

TEST_CASE("files that replace others: those are removed when the new ones are safe") {
  const TemporaryFolder folder;
  const auto old = folder.path / "old", kept = folder.path / "kept", added = folder.path / "added";
  write_bytes(old, "old");
  write_bytes(kept, "kept");
  // The second cannot be written: all stays as it is.
  CHECK_THROWS_AS(write_files_atomically({{added, "new"}, {folder.path / "missing" / "file", "new"}}, {old}), Error);
  CHECK(read_bytes(old) == "old");
  CHECK(folder.entries() == 2);
  write_files_atomically({{added, "new"}, {kept, "replaced"}}, {old, kept, folder.path / "was never there"});
  CHECK_FALSE(std::filesystem::exists(old));
  CHECK(read_bytes(added) == "new");
  CHECK(read_bytes(kept) == "replaced");
  CHECK(folder.entries() == 2);
}

TEST_CASE("a path without a folder is a file in the current one") {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  const std::string error = failure("file", "text");
  std::filesystem::current_path(before);
  CHECK(error == "");
  CHECK(read_bytes(folder.path / "file") == "text");
}

TEST_CASE("a file may have any name that the file system allows, the longest too") {
  const TemporaryFolder folder;
  for (const int length : {200, 244, 255}) {  // 255: NAME_MAX
    const auto path = folder.path / std::string(length, 'x');
    CHECK(failure(path, "text") == "");
    CHECK(read_bytes(path) == "text");
  }
  CHECK(folder.entries() == 3);
  CHECK(contains(failure(folder.path / std::string(256, 'x'), "text"), "File name too long"));
}

TEST_CASE("whether a file can be written is checked before, and the check leaves nothing") {
  const TemporaryFolder folder;
  const auto says = [](const std::filesystem::path& path) {
    try {
      check_writable(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(says(folder.path / "new") == "");
  CHECK(says(folder.path / std::string(255, 'x')) == "");
  write_bytes(folder.path / "file", "old");
  CHECK(says(folder.path / "file") == "");
  CHECK(says(folder.path) == folder.path.string() + ": cannot be written: Is a directory");
  CHECK(contains(says(folder.path / ""), "Is a directory"));
  CHECK(contains(says(folder.path / std::string(256, 'x')), "File name too long"));
  CHECK(contains(says(folder.path / "missing" / "file"), "No such file or directory"));
  CHECK(contains(says(folder.path / "file" / "below"), "Not a directory"));
  CHECK(contains(says("/proc/file"), "/proc/file: cannot be written: "));
  CHECK(read_bytes(folder.path / "file") == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("temporary files are known by their names") {
  const TemporaryFolder folder;
  // A limit on the size of files ends the process while it writes, and so leaves one.
  if (const pid_t child = ::fork(); child == 0) {
    const rlimit limit = {1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_DFL);
    write_file_atomically(folder.path / "file", std::string(5000, 'x'));
    ::_exit(0);
  } else {
    ::waitpid(child, nullptr, 0);
  }
  REQUIRE(folder.entries() == 1);
  const auto left = std::filesystem::directory_iterator(folder.path)->path();
  CHECK(is_temporary_name(left));
  for (const char* other : {"file", "file.tmp", ".l2l.tmp", ".l2l-notes.tmp", ".l2l-1-2.tmp.png"}) {
    CHECK_FALSE(is_temporary_name(folder.path / other));
  }
}

TEST_CASE("a new file's permissions follow the umask") {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  write_file_atomically(folder.path / "file", "text");
  ::umask(before);
  struct stat status;
  REQUIRE(::stat((folder.path / "file").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("a write that fails half-way leaves the old file, and no other") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file";
  const auto other = folder.path / "other";
  write_file_atomically(path, "old");
  // A limit on the size of files stands for a full disk: it stops root too.
  rlimit before;
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {1000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  const std::string error = failure(path, std::string(5000, 'x'));
  const std::string several = failure({{path, "new"}, {other, std::string(5000, 'x')}});
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(error == path.string() + ": cannot be written: File too large");
  CHECK(several == other.string() + ": cannot be written: File too large");
  CHECK(read_bytes(path) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file that cannot be renamed into place leaves nothing behind") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path / "taken" / "inside");
  CHECK(contains(failure(folder.path / "taken", "text"), "taken: cannot be written: "));
  CHECK(std::filesystem::exists(folder.path / "taken" / "inside"));
  CHECK(folder.entries() == 1);
}

TEST_CASE("a folder that cannot be written to is an Error with the path and the reason") {
  const TemporaryFolder folder;
  const auto missing = folder.path / "missing" / "file";
  CHECK(failure(missing, "text") == missing.string() + ": cannot be written: No such file or directory");
  write_bytes(folder.path / "file", "text");
  CHECK(contains(failure(folder.path / "file" / "below", "text"), "Not a directory"));
  CHECK(read_bytes(folder.path / "file") == "text");
  if (::geteuid() != 0) {  // root may write anywhere
    ::chmod(folder.path.c_str(), 0555);
    CHECK(contains(failure(folder.path / "file", "new"), "Permission denied"));
    ::chmod(folder.path.c_str(), 0755);
    CHECK(read_bytes(folder.path / "file") == "text");
  }
}

TEST_CASE("writers at the same time do not mix") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file";
  const auto write = [&](char c) {
    for (int k = 0; k < 20; ++k) write_file_atomically(path, std::string(10000, c));
  };
  std::thread a(write, 'a'), b(write, 'b');
  a.join();
  b.join();
  const std::string content = read_bytes(path);
  CHECK(content == std::string(10000, content.at(0)));
  CHECK(folder.entries() == 1);
}

}  // namespace l2l::atomic_file_test
