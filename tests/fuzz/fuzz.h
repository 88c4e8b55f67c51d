#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/error.h"

/// What the fuzz targets share. A target is a file of this folder that defines `read` and `seeds`; fuzz.cpp is the rest
/// of its program.
namespace l2l::fuzz {

/// Gives arbitrary bytes to the reader that the target is about.
void read(std::string_view bytes);
/// Inputs to start from: good ones, and what the random changes would hardly come upon.
std::vector<std::string> seeds();

/// Ends the program, as a find, unless `fact` holds.
void require(bool fact, const std::string& otherwise);
/// A message has to be one line of some words, without control characters, that ends with a reason.
void require_good_message(const std::string& text);

/// Calls a reader. It may refuse what it reads, with an Error that has a good message. Any other exception is a find.
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
/// A file whose checksum is right, if it has one: random changes never hit upon it.
std::string resealed(std::string_view file);
/// The whole content of a file.
std::string content_of(const std::filesystem::path& path);

}  // namespace l2l::fuzz
