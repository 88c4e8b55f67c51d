#pragma once
#include <filesystem>
#include <utility>
#include <vector>

#include "examples/l2l/commands.h"

/// The files that `l2l style` writes.
namespace l2l {

/// Those of a content: the result, and pictures of the search.
struct StyleFiles {
  std::filesystem::path out;
  std::vector<std::pair<int, std::filesystem::path>> frames;  // step, file
};
/// For each content of the request, in its order. A UsageError if two would have one name, or if one is not a PNG.
std::vector<StyleFiles> style_files(const StyleRequest& request);
/// Throws an Error unless all can be written, none is one of the request's own pictures, and none exists already.
void check_unused(const StyleRequest& request, const std::vector<StyleFiles>& files);

}  // namespace l2l
