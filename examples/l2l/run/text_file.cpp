#include "examples/l2l/run/text_file.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

#include "autodiff/error.h"
#include "nn/files/regular_file.h"

namespace l2l {
namespace {
/// The largest file is a log of 10^6 epochs, with lines of one number of up to 7 digits and six of up to 24 characters.
constexpr std::uintmax_t kLargestText = 1'000'000 * (8 + 6 * 25);
}  // namespace

std::string read_text(const std::filesystem::path& path) {
  if (const std::string reason = why_no_file(path); !reason.empty()) {
    throw Error(path.string(), ": cannot be read: ", reason);
  }
  std::error_code failure;
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (failure) throw Error(path.string(), ": cannot be read: ", failure.message());
  if (size > kLargestText) {
    throw Error(path.string(), ": ", size, " bytes, too many for a file that l2l writes; at most ", kLargestText);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string(), ": cannot be read: ", std::strerror(errno));
  try {
    return {std::istreambuf_iterator<char>(file), {}};
  } catch (const std::ios_base::failure& error) {  // a disk error
    throw Error(path.string(), ": cannot be read: ", error.code().message());
  }
}

}  // namespace l2l
