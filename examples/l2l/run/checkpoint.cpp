#include "examples/l2l/run/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "autodiff/error.h"
#include "examples/l2l/run/settings.h"
#include "nn/files/atomic_file.h"
#include "nn/files/json.h"
#include "nn/files/safetensors.h"
#include "nn/parameters.h"

namespace l2l {
namespace {

constexpr const char* kFormat = "l2l training checkpoint 1";

using Metadata = std::map<std::string, std::string>;

const std::string& text(const Metadata& metadata, const std::string& name) {
  const auto entry = metadata.find(name);
  if (entry == metadata.end()) throw Error("its metadata has no '", name, "'");
  return entry->second;
}

template <class T>
T number(const Metadata& metadata, const std::string& name) {
  const std::string& digits = text(metadata, name);
  T value{};
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end) {
    throw Error("its ", in_quotes(name), " is ", in_quotes(digits), ", not a number");
  }
  return value;
}

template <class T>
T count(const Metadata& metadata, const std::string& name, T low, T high) {
  const T value = number<T>(metadata, name);
  if (value >= low && value <= high) return value;
  throw Error("its ", in_quotes(name), " is ", value, ", with these settings it is ", low, " to ", high);
}

/// A loss, which may be infinite.
double loss(const Metadata& metadata, const std::string& name) {
  const double value = number<double>(metadata, name);
  if (value > -std::numeric_limits<double>::infinity()) return value;  // NaN is not
  throw Error("its ", in_quotes(name), " is ", value, ", which is not a loss");
}

std::string random_word(std::size_t k) { return "random." + std::to_string(k); }

Rng::State random_state(const Metadata& metadata) {
  Rng::State state;
  for (std::size_t k = 0; k < state.size(); ++k) state[k] = number<std::uint64_t>(metadata, random_word(k));
  if (state == Rng::State{}) throw Error("its '", random_word(0), "' and the other words of its state are all 0");
  return state;
}

std::vector<Real> parameters(const TensorFile& file, const Layout& phi, const std::string& prefix) {
  std::vector<Real> values(phi.size());
  get_parameters(file, phi, values, prefix);
  const std::string name = phi.first_not_finite(values);
  if (!name.empty()) throw Error("its tensor ", in_quotes(prefix + name), " has numbers that are not finite");
  return values;
}

Adam::State adam_state(const TensorFile& file, const Layout& phi, Index least_steps, Index most_steps) {
  Adam::State adam{parameters(file, phi, "adam.m."), parameters(file, phi, "adam.v."),
                   count<Index>(file.metadata, "adam.steps", least_steps, most_steps)};
  for (const Parameter& p : phi.parameters()) {
    const std::span<const Real> squares = p.in(std::span<const Real>(adam.v));
    if (std::ranges::any_of(squares, [](Real v) { return v < 0; })) {
      throw Error("its tensor ", in_quotes("adam.v." + p.name), " has negative numbers, but it holds squares");
    }
  }
  return adam;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Layout& phi, const MetaTrainState& state,
                     const std::string& config) {
  write_file_atomically(path, checkpoint_bytes(phi, state, config));
}

std::string checkpoint_bytes(const Layout& phi, const MetaTrainState& state, const std::string& config) {
  TensorFile file;
  put_parameters(file, phi, state.phi, "phi.");
  put_parameters(file, phi, state.best_phi, "best_phi.");
  put_parameters(file, phi, state.adam.m, "adam.m.");
  put_parameters(file, phi, state.adam.v, "adam.v.");
  file.metadata = {{"format", kFormat},
                   {"config", config},
                   {"adam.steps", std::to_string(state.adam.steps)},
                   {"epoch", std::to_string(state.epoch)},
                   {"best_validation", to_text(state.best_validation)},
                   {"start_validation", to_text(state.start_validation)},
                   {"validations_since_best", std::to_string(state.validations_since_best)}};
  for (std::size_t k = 0; k < state.random.size(); ++k) {
    file.metadata[random_word(k)] = std::to_string(state.random[k]);
  }
  return format_safetensors(file);
}

MetaTrainState load_checkpoint(const std::filesystem::path& path, const Layout& phi, const std::string& config,
                               const MetaTrainConfig& training) {
  TensorFile file = read_safetensors(path);
  file.path.clear();  // the name is added to all Errors below
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    throw Error(path.string(), ": not a checkpoint of a training run (its metadata does not say 'format': '", kFormat,
                "')");
  }
  try {
    if (text(file.metadata, "config") != config) {
      throw Error("its settings are not those of the config.json beside it");
    }
    MetaTrainState state;
    state.phi = parameters(file, phi, "phi.");
    state.best_phi = parameters(file, phi, "best_phi.");
    state.epoch = count(file.metadata, "epoch", 0, training.epochs);
    // One step for each unroll, and at least one unroll in a trajectory.
    state.adam = adam_state(file, phi, state.epoch, Index{state.epoch} * (training.steps / training.unroll));
    state.random = random_state(file.metadata);
    state.best_validation = loss(file.metadata, "best_validation");
    state.start_validation = loss(file.metadata, "start_validation");
    state.validations_since_best = count(file.metadata, "validations_since_best", 0, state.epoch);
    return state;
  } catch (const Error& error) {
    throw Error(path.string(), ": ", error.what());
  }
}

}  // namespace l2l
