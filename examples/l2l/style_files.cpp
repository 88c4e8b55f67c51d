#include "examples/l2l/style_files.h"

#include <set>
#include <string>

#include "autodiff/error.h"
#include "nn/files/atomic_file.h"

namespace l2l {

namespace fs = std::filesystem;

namespace {

fs::path with_suffix(const fs::path& file, const std::string& suffix) {
  fs::path name = file.stem();
  name += suffix + ".png";
  return file.parent_path() / name;
}

}  // namespace

std::vector<StyleFiles> style_files(const StyleRequest& request) {
  std::vector<StyleFiles> results;
  std::set<fs::path> all;
  for (const std::string& content : request.contents) {
    if (content.empty()) throw UsageError("--content is empty: it takes a FILE");
    const std::string name =
        fs::path(content).stem().string() + "-" + fs::path(request.styles.front()).stem().string() + ".png";
    fs::path out = request.out.empty() ? name : request.out;
    if (request.contents.size() > 1) out = fs::path(request.out) / name;
    StyleFiles result{out, {}};
    if (result.out.extension() != ".png") throw UsageError("--out ", result.out.string(), ": it must end in .png");
    for (int k = 1; k <= request.frames; ++k) {
      const int step = static_cast<int>(std::int64_t{request.steps} * k / request.frames);
      if (step < request.steps) result.frames.push_back({step, with_suffix(result.out, "-" + std::to_string(step))});
    }
    if (!all.insert(result.out).second) {
      throw UsageError("--content: two pictures are called ", fs::path(content).stem().string(),
                       "; style them in separate calls");
    }
    results.push_back(std::move(result));
  }
  return results;
}

void check_unused(const StyleRequest& request, const std::vector<StyleFiles>& results) {
  std::vector<std::pair<fs::path, std::string>> files;  // each with the flag that names it
  for (const StyleFiles& result : results) {
    files.emplace_back(result.out, "--out");
    for (const auto& [step, file] : result.frames) files.emplace_back(file, "--out");
  }
  if (!request.sheet.empty()) {
    files.emplace_back(request.sheet, "--sheet");
    if (files.back().first.extension() != ".png") throw UsageError("--sheet ", request.sheet, ": it must end in .png");
  }
  if (!request.preview.empty()) {
    files.emplace_back(request.preview, "--preview");
    if (files.back().first.extension() != ".png") {
      throw UsageError("--preview ", request.preview, ": it must end in .png");
    }
  }
  std::set<fs::path> all;
  for (const auto& [file, flag] : files) {
    if (!all.insert(file.lexically_normal()).second) {
      throw UsageError("two pictures would be called ", file.string(), "; choose another --out or --sheet");
    }
    if (fs::is_directory(file)) throw Error(file.string(), ": is a folder; choose another ", flag);
    const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
    if (!fs::is_directory(folder)) throw Error(file.string(), ": there is no folder ", folder.string());
    std::vector<std::string> inputs = request.contents;
    inputs.insert(inputs.end(), request.styles.begin(), request.styles.end());
    for (const std::string& input : inputs) {
      std::error_code different;
      if (fs::equivalent(file, input, different)) {
        throw UsageError(flag, " ", file.string(), ": is one of the pictures to start from; choose another ", flag);
      }
    }
    if (!request.force && fs::exists(file)) {
      throw Error(file.string(), ": exists already; choose another ", flag, ", or replace it with --force");
    }
  }
  if (!request.sheet.empty()) check_writable(request.sheet);
  if (!request.preview.empty()) check_writable(request.preview);
  for (const StyleFiles& result : results) {
    check_writable(result.out);
    if (!result.frames.empty()) check_writable(result.frames.back().second);  // its name is the longest
  }
}

}  // namespace l2l
