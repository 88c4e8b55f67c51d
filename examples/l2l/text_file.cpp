#include "examples/l2l/text_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "autodiff/error.h"

namespace l2l {

std::string read_text(const std::filesystem::path& path) {
  std::error_code failure;
  static_cast<void>(std::filesystem::file_size(path, failure));  // fails for a folder, a pipe, a missing file
  if (failure) throw Error(path.string(), ": cannot be read: ", failure.message());
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string(), ": cannot be read: ", std::strerror(errno));
  try {
    return {std::istreambuf_iterator<char>(file), {}};
  } catch (const std::ios_base::failure& error) {  // of the disk
    throw Error(path.string(), ": cannot be read: ", error.code().message());
  }
}

}  // namespace l2l
