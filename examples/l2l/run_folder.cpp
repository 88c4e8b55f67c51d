#include "examples/l2l/run_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "nn/atomic_file.h"

namespace l2l {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// A setting's text as JSON: numbers and true or false as they stand, anything else a string; and back.
Json to_json(const std::string& text) { return Json::accept(text) ? Json::parse(text) : Json(text); }
std::string from_json(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

std::map<std::string, std::string> entries(const Json& file, const char* section) {
  if (!file.contains(section) || !file[section].is_object()) throw Error("'", section, "' is missing");
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : file[section].items()) result[name] = from_json(value);
  return result;
}

bool is_table_or_picture(const fs::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".csv" || extension == ".json" || extension == ".png";
}

bool is_probe(const fs::path& file) {
  const std::string stem = file.stem().string();
  return (stem == "probe" || stem.starts_with("probe_")) && is_table_or_picture(file);
}

/// Whether it tells about a run, and so goes when the run is replaced.
bool is_finding(const fs::path& file) {
  const std::string stem = file.stem().string();
  return is_probe(file) || ((stem == "compare" || stem.starts_with("compare-") || stem.starts_with("sheet-") ||
                             stem == "meta_gradient" || stem == "diagnose" || stem == "refine") &&
                            is_table_or_picture(file));
}

/// Of whatever run; an Error ends with the remedy.
LearnedOptimizer load_optimizer(const RunFolder& folder) {
  const fs::path file = folder.optimizer();
  const std::string remedy = fs::exists(folder.checkpoint())
                                 ? "; l2l train --resume --out " + folder.path.string() + " goes on and writes it"
                                 : "; copy it here again, or replace the run with l2l train --force";
  if (!fs::exists(file)) {
    throw Error(file.string(), ": is missing, the training may have been interrupted before a validation", remedy);
  }
  try {
    return LearnedOptimizer::load(file);
  } catch (const Error& error) {
    throw Error(error.what(), remedy);
  }
}

}  // namespace

fs::path RunFolder::meta_gradient(const std::string& extension) const { return path / ("meta_gradient" + extension); }

fs::path RunFolder::refinement(const std::string& extension) const { return path / ("refine" + extension); }

fs::path RunFolder::diagnosis(const std::string& extension) const { return path / ("diagnose" + extension); }

fs::path RunFolder::sheet(const std::string& name) const { return path / ("sheet-" + name + ".png"); }

fs::path RunFolder::comparison(const std::string& label, const std::string& extension) const {
  return path / ("compare" + (label.empty() ? "" : "-" + label) + extension);
}

fs::path RunFolder::probe(const std::string& name, const std::string& extension) const {
  return path / ("probe" + (name.empty() ? "" : "_" + name) + extension);
}

std::vector<fs::path> RunFolder::probes() const {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (is_probe(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> RunFolder::run() const {
  std::error_code failure;
  std::vector<fs::path> files = {checkpoint(), optimizer(), log(), picture(), config()};
  std::erase_if(files, [&](const fs::path& file) { return !fs::exists(file, failure); });
  return files;
}

void RunFolder::check_free(bool force, const std::string& remedy) const {
  const std::vector<fs::path> files = run();
  if (files.empty() || force) return;
  throw Error(path.string(), ": holds a run already (", files.back().filename().string(), "); ", remedy);
}

void RunFolder::begin(const RunConfig& config, std::vector<NewFile> others) const {
  Json json;
  json["version"] = L2L_VERSION;
  json["optimizee"] = config.optimizee;
  json["options"] = config.options;
  for (const Setting& setting : settings()) json["settings"][setting.name] = to_json(setting.get(config));
  others.insert(others.begin(), {this->config(), json.dump(2) + "\n"});

  std::vector<fs::path> earlier = run();
  if (!earlier.empty()) {  // else what there may be is not about a run
    std::error_code failure;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, failure)) {
      if (is_finding(entry.path())) earlier.push_back(entry.path());
    }
  }
  std::erase(earlier, this->config());  // replaced in one go: at any time there is one
  write_files_atomically(others, earlier);
}

RunConfig RunFolder::read_config() const {
  if (!fs::exists(config())) {
    throw Error(path.string(), ": holds no run (there is no config.json); make one with l2l train --out ",
                path.string());
  }
  const Json json = Json::parse(read_text(config()), nullptr, false);
  try {
    if (json.is_discarded()) throw Error("not valid JSON, or with a number that is too large");
    if (!json.is_object()) throw Error("not a JSON object");
    if (!json.contains("optimizee") || !json["optimizee"].is_string()) throw Error("'optimizee' is missing");
    const auto saved = entries(json, "settings");
    for (const Setting& setting : settings()) {
      if (!saved.contains(setting.name)) throw Error("'settings' has no '", setting.name, "'");
    }
    return make_config(json["optimizee"].get<std::string>(), saved, entries(json, "options"));
  } catch (const Error& error) {
    throw Error(config().string(), ": not the configuration of a run: ", error.what());
  }
}

LearnedOptimizer RunFolder::read_optimizer(const RunConfig& config) const {
  LearnedOptimizer learned = load_optimizer(*this);
  if (learned.model.groups() != config.model().groups()) {
    throw Error(optimizer().string(), ": its parts are not for the groups that ", this->config().string(), " says, ",
                config.groups, "; they are not of the same run");
  }
  for (const OptimizerModel::Part& part : learned.model.parts()) {
    if (part.lstm() == nullptr) continue;
    RunConfig found = config;
    found.optimizer = part.lstm()->config();
    for (const Setting& setting : settings()) {
      if (setting.get(found) == setting.get(config)) continue;
      throw Error(optimizer().string(), ": an LSTM with ", setting.name, " ", setting.get(found), ", but ",
                  this->config().string(), " says ", setting.get(config), "; they are not of the same run");
    }
  }
  return learned;
}

void RunFolder::check_output(const std::vector<fs::path>& files, bool force, const std::string& remedy) const {
  for (const fs::path& file : files) {
    if (!force && fs::exists(file)) throw Error(file.string(), ": exists already; ", remedy);
  }
  if (access(path.c_str(), W_OK) != 0) throw Error(path.string(), ": cannot be written to: ", std::strerror(errno));
}

OptimizeeFactory RunFolder::make_optimizee(const OptimizeeEntry& entry, OptionValues saved,
                                           const OptionValues& given) const {
  for (const auto& [name, value] : given) saved[name] = value;
  try {
    return l2l::make_optimizee(entry, saved);
  } catch (const UsageError& error) {
    if (!given.empty()) throw;
    throw Error(config().string(), ": not the configuration of a run: ", error.what());
  }
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string(), ": cannot be read: ", std::strerror(errno));
  try {
    return {std::istreambuf_iterator<char>(file), {}};
  } catch (const std::ios_base::failure& failure) {  // a folder, say, can be opened
    throw Error(path.string(), ": cannot be read: ", failure.code().message());
  }
}

}  // namespace l2l
