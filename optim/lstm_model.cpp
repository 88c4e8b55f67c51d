#include "optim/lstm_model.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "autodiff/error.h"
#include "autodiff/ops.h"
#include "nn/safetensors.h"

namespace l2l {

// ---- LstmModel ------------------------------------------------------------------------------------------------

LstmModel::LstmModel(const LstmConfig& config)
    : config_(config),
      lstm_(layout_, "lstm", config.preprocess.features(), config.hidden, config.layers),
      output_weight_(layout_.add("output.weight", {1, config.hidden})),
      output_bias_(layout_.add("output.bias", {1})) {
  config.preprocess.check();
  if (!std::isfinite(static_cast<Real>(config.output_scale))) {
    throw Error("output scale is ", config.output_scale, ", it must be finite");
  }
}

Var LstmModel::operator()(Var phi, Var features, Lstm::State& state) const {
  const Var h = lstm_(phi, features, state);  // [H, n]
  const Var w = output_weight_.in(phi), b = output_bias_.in(phi);
  const Var u = add_column_bias(matmul(w, h), b) * static_cast<Real>(config_.output_scale);  // [1, n]
  return reshape(u, {u.size()});
}

void LstmModel::init(Rng& rng, std::span<Real> phi) const {
  lstm_.init(rng, phi);
  const double bound = 0.1 / std::sqrt(static_cast<double>(config_.hidden));
  rng.fill_uniform(output_weight_.in(phi), -bound, bound);
  output_bias_.in(phi)[0] = 0;
}

// ---- Checkpoints ----------------------------------------------------------------------------------------------

namespace {

constexpr const char* kFormat = "l2l learned optimizer 1";

/// A number from a checkpoint's metadata, in [low, high]; `std::from_chars` does not depend on the locale.
template <class Number>
Number read_number(const TensorFile& file, const std::string& key, Number low, Number high) {
  const auto entry = file.metadata.find(key);
  const std::string text = entry == file.metadata.end() ? "missing" : entry->second;
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= low && value <= high) return value;
  throw Error("'", key, "' of its metadata is ", text, ", it must be a number from ", low, " to ", high);
}

std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), value).ptr};
}

}  // namespace

LearnedOptimizer LearnedOptimizer::load(const std::filesystem::path& path) {
  const TensorFile file = read_safetensors(path);
  const auto text = [&](const char* key) {
    const auto entry = file.metadata.find(key);
    return entry == file.metadata.end() ? std::string("missing") : entry->second;
  };
  if (text("format") != kFormat) {
    throw Error(path.string(), ": not a trained optimizer (its metadata does not say 'format': '", kFormat, "')");
  }
  try {
    constexpr double kLargest = std::numeric_limits<double>::max();
    LstmConfig config;
    config.layers = read_number(file, "layers", 1, LstmConfig::kMostLayers);
    config.hidden = read_number(file, "hidden", 1, LstmConfig::kMostHidden);
    config.output_scale = read_number(file, "output_scale", -kLargest, kLargest);
    config.preprocess.kind = parse_preprocess(text("preprocess"));
    config.preprocess.parameter = read_number(file, "preprocess_parameter", -kLargest, kLargest);
    LearnedOptimizer learned{LstmModel(config), {}};
    learned.phi.resize(learned.model.layout().size());
    get_parameters(file, learned.model.layout(), learned.phi);
    return learned;
  } catch (const Error& error) {
    throw Error(path.string(), ": ", error.what());
  }
}

void LearnedOptimizer::save(const std::filesystem::path& path) const {
  const LstmConfig& config = model.config();
  TensorFile file;
  put_parameters(file, model.layout(), phi);
  file.metadata = {{"format", kFormat},
                   {"layers", std::to_string(config.layers)},
                   {"hidden", std::to_string(config.hidden)},
                   {"output_scale", number_text(config.output_scale)},
                   {"preprocess", std::string(name_of(config.preprocess.kind))},
                   {"preprocess_parameter", number_text(config.preprocess.parameter)}};
  write_safetensors(path, file);
}

}  // namespace l2l
