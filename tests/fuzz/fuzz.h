#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/error.h"

/// What the fuzz targets share. A target is a file in this folder that defines `read` and `seeds`; fuzz.cpp is the rest
/// of its program.
namespace l2l::fuzz {

/// Passes arbitrary bytes to the reader under test.
void read(std::string_view bytes);
/// Inputs to start from: valid ones, and others that random changes are unlikely to find.
std::vector<std::string> seeds();

/// Ends the program with a finding unless `fact` holds.
void require(bool fact, const std::string& otherwise);
/// Requires that a message is one short line without control characters that ends with a reason.
void require_good_message(const std::string& text);

/// Calls a reader. It may throw an Error with a good message. Any other exception is a finding.
template <class Reader>
void attempt(Reader reader) {
  try {
    reader();
  } catch (const Error& error) {
    require_good_message(error.what());
  }
}

/// A folder of this process, in memory if TMPDIR is.
const std::filesystem::path& folder();
/// Writes a file in it, for readers that want a path.
std::filesystem::path put(const std::string& name, std::string_view bytes);
/// The file with its checksum corrected, if it has one: random changes would never guess it.
std::string resealed(std::string_view file);
/// The whole content of a file.
std::string content_of(const std::filesystem::path& path);

}  // namespace l2l::fuzz
