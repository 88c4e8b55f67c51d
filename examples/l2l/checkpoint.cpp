#include "examples/l2l/checkpoint.h"

#include <charconv>
#include <limits>

#include "autodiff/error.h"
#include "examples/l2l/settings.h"
#include "nn/atomic_file.h"
#include "nn/safetensors.h"

namespace l2l {
namespace {

constexpr const char* kFormat = "l2l training checkpoint 1";
constexpr double kAny = std::numeric_limits<double>::infinity();

using Metadata = std::map<std::string, std::string>;

const std::string& text(const Metadata& metadata, const std::string& name) {
  const auto entry = metadata.find(name);
  if (entry == metadata.end()) throw Error("its metadata has no '", name, "'");
  return entry->second;
}

template <class T>
T number(const Metadata& metadata, const std::string& name, T low) {
  const std::string& digits = text(metadata, name);
  T value{};
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end || value < low) {
    throw Error("its '", name, "' is '", digits, "', not a number from ", low, " on");
  }
  return value;
}

std::string random_word(std::size_t k) { return "random." + std::to_string(k); }

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

MetaTrainState load_checkpoint(const std::filesystem::path& path, const Layout& phi, const std::string& config) {
  TensorFile file = read_safetensors(path);
  file.path.clear();  // Errors get their file's name below, all alike
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    throw Error(path.string(), ": not a checkpoint of a training run (its metadata does not say 'format': '", kFormat,
                "')");
  }
  try {
    if (text(file.metadata, "config") != config) {
      throw Error("belongs to a run with other settings than config.json beside it; start again with --force");
    }
    MetaTrainState state;
    const auto parameters = [&](const char* prefix) {
      std::vector<Real> values(phi.size());
      get_parameters(file, phi, values, prefix);
      return values;
    };
    state.phi = parameters("phi.");
    state.best_phi = parameters("best_phi.");
    state.adam = {parameters("adam.m."), parameters("adam.v."), number<Index>(file.metadata, "adam.steps", 0)};
    for (std::size_t k = 0; k < state.random.size(); ++k) {
      state.random[k] = number<std::uint64_t>(file.metadata, random_word(k), 0);
    }
    state.epoch = number<int>(file.metadata, "epoch", 0);
    state.best_validation = number<double>(file.metadata, "best_validation", -kAny);
    state.start_validation = number<double>(file.metadata, "start_validation", -kAny);
    state.validations_since_best = number<int>(file.metadata, "validations_since_best", 0);
    return state;
  } catch (const Error& error) {
    throw Error(path.string(), ": ", error.what());
  }
}

}  // namespace l2l
