#include "nn/files/regular_file.h"

namespace l2l {

std::string why_no_file(const std::filesystem::path& path) {
  std::error_code failure;
  if (std::filesystem::is_regular_file(path, failure)) return "";
  return failure ? failure.message() : "not a regular file";
}

}  // namespace l2l
