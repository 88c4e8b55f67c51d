#include "optim/learned/learned_optimizer.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include "autodiff/error.h"
#include "nn/files/atomic_file.h"
#include "nn/files/safetensors.h"
#include "nn/parameters.h"
#include "nn/spelling.h"
#include "optim/rules.h"

namespace l2l {

// ---- The model ------------------------------------------------------------------------------------------------

namespace {
/// What stands before the names of a part, in φ's layout and in a checkpoint.
std::string prefix_of(const std::string& group) { return group.empty() ? "" : group + "."; }
}  // namespace

OptimizerModel::OptimizerModel(std::vector<Part> parts) : parts_(std::move(parts)) {
  std::vector<std::string> seen;
  for (Part& part : parts_) {
    if (std::find(seen.begin(), seen.end(), part.group) != seen.end()) {
      throw UsageError("two optimizers for the group '", part.group, "'");
    }
    seen.push_back(part.group);
    part.phi = {layout_.size(), 0};
    if (const CoordinateModel* model = part.model()) {
      for (const Parameter& p : model->layout().parameters()) {
        layout_.add(prefix_of(part.group) + p.name, p.shape, part.group);
      }
      part.phi.count = model->layout().size();
    } else {
      find_rule(std::get<FixedRule>(part.optimizer).name);
    }
  }
  if (layout_.size() == 0) throw UsageError("a learned optimizer of rules alone: there is nothing to learn");
}

std::vector<std::string> OptimizerModel::groups() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) names.push_back(part.group);
  return names;
}

const CoordinateModel& OptimizerModel::single() const {
  if (parts_.size() == 1) return *parts_.front().model();
  std::ostringstream text;
  for (const Part& part : parts_) text << (&part == &parts_.front() ? "" : ", ") << part.group;
  throw Error("this optimizer has a part for each of the groups ", text.str(), ", only one for all of theta will do");
}

void OptimizerModel::init(Rng& rng, std::span<Real> phi) const {
  for (const Part& part : parts_) {
    if (part.model()) part.model()->init(rng, phi.subspan(part.phi.first, part.phi.count));
  }
}

// ---- Checkpoints ----------------------------------------------------------------------------------------------

namespace {

constexpr const char* kFormat = "l2l learned optimizer 1";

/// What a checkpoint's metadata say about a part; its keys begin with `prefix`.
class Metadata {
 public:
  Metadata(const TensorFile& file, const std::string& prefix) : file_(file), prefix_(prefix) {}

  bool has(const std::string& key) const { return file_.metadata.contains(prefix_ + key); }
  std::string text(const std::string& key) const {
    const auto entry = file_.metadata.find(prefix_ + key);
    return entry == file_.metadata.end() ? "missing" : entry->second;
  }
  /// In [low, high]; `std::from_chars` does not depend on the locale.
  template <class Number>
  Number number(const std::string& key, Number low, Number high) const {
    const std::string found = text(key);
    Number value{};
    const char* end = found.data() + found.size();
    const auto [stop, error] = std::from_chars(found.data(), end, value);
    if (error == std::errc() && stop == end && value >= low && value <= high) return value;
    throw Error("'", prefix_ + key, "' of its metadata is ", found, ", it must be a number from ", low, " to ", high);
  }

 private:
  const TensorFile& file_;
  std::string prefix_;
};

std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), value).ptr};
}

constexpr double kLargest = std::numeric_limits<double>::max();

CoordinateModel read_model(const Metadata& metadata) {
  CoordinateConfig config;
  config.layers = metadata.number("layers", 0, CoordinateConfig::kMaxLayers);
  if (metadata.has("dense")) config.dense = metadata.number("dense", 0, CoordinateConfig::kMaxLayers);
  config.hidden = metadata.number("hidden", 1, CoordinateConfig::kMaxHidden);
  config.output_scale = metadata.number("output_scale", -kLargest, kLargest);
  config.preprocess.kind = parse_preprocess(metadata.text("preprocess"));
  config.preprocess.parameter = metadata.number("preprocess_parameter", -kLargest, kLargest);
  if (metadata.has("proposal")) {
    config.proposal = parse_proposal(metadata.text("proposal"));
    config.rate = metadata.number("rate", 0.0, kLargest);
    if (metadata.has("decay")) config.decay = metadata.number("decay", 0.0, CoordinateConfig::kMaxDecay);
  }
  return CoordinateModel(config);
}

}  // namespace

// The metadata of an optimizer for all of θ stand there by themselves. Of several parts 'groups' names the groups, and
// the keys of each begin with its group; 'conv.rule' says that one is a rule.
LearnedOptimizer LearnedOptimizer::load(const std::filesystem::path& path) {
  TensorFile file = read_safetensors(path);
  file.path.clear();  // Errors get their file's name below, all alike
  const Metadata metadata(file, "");
  if (metadata.text("format") != kFormat) {
    throw Error(path.string(), ": not a trained optimizer (its metadata does not say 'format': '", kFormat, "')");
  }
  try {
    std::vector<OptimizerModel::Part> parts;
    for (const std::string& group : split(file.metadata.contains("groups") ? metadata.text("groups") : "", ',')) {
      const Metadata of_part(file, prefix_of(group));
      if (of_part.has("rule")) {
        parts.push_back({group, FixedRule{of_part.text("rule"), of_part.number("learning_rate", 0.0, kLargest)}});
      } else {
        parts.push_back({group, read_model(of_part)});
      }
    }
    LearnedOptimizer learned{OptimizerModel(std::move(parts)), {}};
    learned.phi.resize(learned.model.layout().size());
    get_parameters(file, learned.model.layout(), learned.phi);
    if (const std::string name = learned.model.layout().first_not_finite(learned.phi); !name.empty()) {
      throw Error("has weights that are not finite, in '", name, "'");
    }
    return learned;
  } catch (const Error& error) {
    throw Error(path.string(), ": ", error.what());
  }
}

void LearnedOptimizer::save(const std::filesystem::path& path) const { write_file_atomically(path, to_bytes()); }

std::string LearnedOptimizer::to_bytes(const std::map<std::string, std::string>& notes) const {
  TensorFile file;
  file.metadata = notes;
  put_parameters(file, model.layout(), phi);
  file.metadata["format"] = kFormat;
  std::string groups;
  for (const OptimizerModel::Part& part : model.parts()) {
    groups += (groups.empty() ? "" : ",") + part.group;
    const auto put = [&](const char* key, const std::string& text) {
      file.metadata[prefix_of(part.group) + key] = text;
    };
    if (const CoordinateModel* model = part.model()) {
      const CoordinateConfig& config = model->config();
      put("layers", std::to_string(config.layers));
      if (config.dense > 0) put("dense", std::to_string(config.dense));
      put("hidden", std::to_string(config.hidden));
      put("output_scale", number_text(config.output_scale));
      put("preprocess", std::string(name_of(config.preprocess.kind)));
      put("preprocess_parameter", number_text(config.preprocess.parameter));
      if (config.proposal != Proposal::Kind::scaled) {
        put("proposal", std::string(name_of(config.proposal)));
        put("rate", number_text(config.rate));
        if (config.decay > 0) put("decay", number_text(config.decay));
      }
    } else {
      const FixedRule& rule = std::get<FixedRule>(part.optimizer);
      put("rule", rule.name);
      put("learning_rate", number_text(rule.learning_rate));
    }
  }
  if (!groups.empty()) file.metadata["groups"] = groups;
  return format_safetensors(file);
}

}  // namespace l2l
