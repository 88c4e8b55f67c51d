#include "examples/l2l/run/run_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "autodiff/error.h"
#include "examples/l2l/run/escape.h"
#include "examples/l2l/run/json_file.h"
#include "nn/files/atomic_file.h"
#include "nn/files/checksum.h"
#include "nn/files/json.h"
#include "nn/files/safetensors.h"

namespace l2l {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// In the metadata of the optimizer: the checksum of the config.json that it was trained with.
constexpr const char* kConfigNote = "config";
/// There too: the steps of the longest trajectories that it was trained or refined on.
constexpr const char* kStepsNote = "trained_steps";

/// A setting's text as JSON: numbers and true or false as they stand, anything else a string.
Json to_json(const std::string& text) { return Json::accept(text) ? Json::parse(text) : Json(text); }

/// The digits of a JSON text's checksum, "" if it has none.
std::string checksum_of(std::string json) { return take_seal(json).value_or(""); }

/// All settings, as text. Throws an Error if one is missing, or if there are others.
std::map<std::string, std::string> read_settings(const JsonObject& saved) {
  std::vector<std::string> names;
  std::map<std::string, std::string> values;
  for (const Setting& setting : settings()) {
    names.push_back(setting.name);
    std::string& text = values[setting.name];
    if (!setting.before.empty() && !saved.contains(setting.name)) {
      text = setting.before;
      continue;
    }
    const nlohmann::json& value = saved.at(setting.name);
    text = value.is_string() ? value.get<std::string>() : value.dump();
    if (to_json(text) != Json(value)) {
      throw Error(in_quotes(setting.name), " must be ", text, ", not the text ", value.dump());
    }
  }
  saved.check_names(names);
  return values;
}

/// The options. Unknown ones are an Error here, as they would be found only when they are used.
OptionValues read_options(const JsonObject& saved, const OptimizeeEntry& entry) {
  std::vector<std::string> names;
  for (const OptimizeeOption& option : entry.options) names.push_back(option.name);
  saved.object("options").check_names(names);
  return saved.texts("options");
}

bool is_table_or_picture(const fs::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".csv" || extension == ".json" || extension == ".png" || extension == ".gif";
}

bool is_probe(const fs::path& file) {
  const std::string stem = file.stem().string();
  return (stem == "probe" || stem.starts_with("probe_")) && is_table_or_picture(file);
}

/// Whether a file holds results about a run, and so is removed when the run is replaced.
bool is_finding(const fs::path& file) {
  const std::string stem = file.stem().string();
  return is_probe(file) ||
         ((stem == "compare" || stem.starts_with("compare-") || stem.starts_with("sheet-") || stem == "meta_gradient" ||
           stem == "diagnose" || stem == "refine" || stem == "preprocess" || stem == "walk") &&
          is_table_or_picture(file));
}

/// What an optimizer notes in its metadata; nothing if it does not say.
std::optional<std::string> note_of(const fs::path& optimizer, const char* name) {
  const std::map<std::string, std::string> metadata = read_safetensors(optimizer).metadata;
  const auto note = metadata.find(name);
  return note == metadata.end() ? std::nullopt : std::optional(note->second);
}

/// The checksum of the config.json that an optimizer was trained with; nothing if it does not say.
std::optional<std::string> noted_config(const fs::path& optimizer) {
  const std::optional<std::string> digits = note_of(optimizer, kConfigNote);
  if (digits && (digits->size() != 8 || digits->find_first_not_of("0123456789abcdef") != std::string::npos)) {
    throw Error(optimizer.string(), ": 'config' of its metadata is ", in_quotes(*digits),
                ", not the checksum of a config.json, 8 digits; remove the entry to use it all the same");
  }
  return digits;
}

/// The optimizer of any run. An Error ends with the remedy.
LearnedOptimizer load_optimizer(const RunFolder& folder) {
  const fs::path file = folder.optimizer();
  const std::string remedy = fs::exists(folder.checkpoint())
                                 ? "; " + own_call({"train", "--resume", "--out", folder.path.string()}) +
                                       " continues the training and writes it"
                                 : "; copy it here again, or replace the run with l2l train --force";
  if (!fs::exists(file)) {
    throw Error(file.string(), ": is missing; the training may have been interrupted before a validation", remedy);
  }
  try {
    return LearnedOptimizer::load(file);
  } catch (const Error& error) {
    throw Error(error.what(), remedy);
  }
}

}  // namespace

fs::path RunFolder::walk(const std::string& extension) const { return path / ("walk" + extension); }

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
  std::vector<fs::path> files = {checkpoint(), optimizer(), log(), picture(), reference(), config()};
  std::erase_if(files, [&](const fs::path& file) { return !fs::exists(file, failure); });
  return files;
}

void RunFolder::check_free(bool force, const std::string& remedy) const {
  if (force || !writes_files()) return;
  if (const std::vector<fs::path> files = run(); !files.empty()) {
    throw Error(path.string(), ": holds a run already (", files.back().filename().string(), "); ", remedy);
  }
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, none)) {
    if (is_finding(entry.path()) && entry.path().extension() == ".json") {
      throw Error(path.string(), ": holds results of another run (", entry.path().filename().string(), "); ", remedy);
    }
  }
}

std::string config_text(const RunConfig& config) {
  Json json;
  json["version"] = L2L_VERSION;
  json["optimizee"] = config.optimizee;
  json["options"] = config.options;
  for (const Setting& setting : settings()) json["settings"][setting.name] = to_json(setting.get(config));
  return json_text(json);
}

void RunFolder::begin(const RunConfig& config, std::vector<NewFile> others) const {
  others.insert(others.begin(), {this->config(), config_text(config)});

  std::vector<fs::path> earlier = run();
  if (!earlier.empty()) {  // without a run, other files are not about one
    std::error_code failure;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, failure)) {
      if (is_finding(entry.path())) earlier.push_back(entry.path());
    }
  }
  std::erase(earlier, this->config());  // replaced by renaming: there is one at any time
  write_files_atomically(others, earlier);
}

RunConfig RunFolder::read_config() const {
  if (fs::exists(path) && !fs::is_directory(path)) throw Error(path.string(), ": is not a folder, so it holds no run");
  if (!fs::exists(config())) {
    throw Error(path.string(), ": holds no run (there is no config.json); make one with ",
                own_call({"train", "--out", path.string()}));
  }
  return read_json(config(), "not the configuration of a run: ", "", [](const JsonObject& json) {
    json.check_version("version");
    json.check_names({"version", "optimizee", "options", "settings"});
    const OptimizeeEntry& entry = find_optimizee(json.text("optimizee"));
    return make_config(entry.name, read_settings(json.object("settings")), read_options(json, entry));
  });
}

std::string RunFolder::config_checksum() const { return checksum_of(read_text(config())); }

NewFile RunFolder::optimizer_file(const LearnedOptimizer& learned, const std::string& config,
                                  std::optional<int> steps) const {
  std::map<std::string, std::string> notes;
  if (const std::string checksum = checksum_of(config); !checksum.empty()) notes[kConfigNote] = checksum;
  if (steps) notes[kStepsNote] = std::to_string(*steps);
  return {optimizer(), learned.to_bytes(notes)};
}

int RunFolder::trained_steps(const RunConfig& config) const {
  const std::optional<std::string> note = note_of(optimizer(), kStepsNote);
  if (!note) return config.trained_steps();
  try {
    return parse_number<int>(std::string("'") + kStepsNote + "' of its metadata", *note, kCount);
  } catch (const UsageError& error) {
    throw Error(optimizer().string(), ": ", error.what());
  }
}

LearnedOptimizer RunFolder::read_optimizer(const RunConfig& config) const {
  LearnedOptimizer learned = load_optimizer(*this);
  // An edited config.json may have no checksum, and an optimizer from elsewhere no note of one.
  const std::optional<std::string> noted = noted_config(optimizer());
  if (const std::string checksum = config_checksum(); noted && !checksum.empty() && *noted != checksum) {
    throw Error(optimizer().string(), ": was trained with another ", this->config().string(),
                "; they are not of the same run");
  }
  if (learned.model.groups() != config.model().groups()) {
    throw Error(optimizer().string(), ": its groups are not those in ", this->config().string(), ", ", config.groups,
                "; they are not of the same run");
  }
  for (const OptimizerModel::Part& part : learned.model.parts()) {
    if (part.model() == nullptr) continue;
    RunConfig found = config;
    found.optimizer = part.model()->config();
    for (const Setting& setting : settings()) {
      if (setting.get(found) == setting.get(config)) continue;
      throw Error(optimizer().string(), ": an LSTM with ", setting.name, " ", setting.get(found), ", but ",
                  this->config().string(), " says ", setting.get(config), "; they are not of the same run");
    }
  }
  return learned;
}

void RunFolder::check_output(const fs::path& summary, const std::vector<fs::path>& others, bool force,
                             const std::string& remedy) const {
  if (!writes_files()) return;
  if (!force && fs::exists(summary)) throw Error(summary.string(), ": exists already; ", remedy);
  check_writable(summary);
  for (const fs::path& file : others) check_writable(file);
}

Family RunFolder::make_optimizee(const OptimizeeEntry& entry, OptionValues saved, const OptionValues& given) const {
  for (const auto& [name, value] : given) saved[name] = value;
  try {
    return l2l::make_optimizee(entry, saved);
  } catch (const UsageError& error) {
    if (!given.empty()) throw;
    throw Error(config().string(), ": not the configuration of a run: ", error.what());
  }
}

}  // namespace l2l
