// The checkpoint of a training: load_checkpoint.
#include "examples/l2l/run/checkpoint.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/safetensors_input.h"

namespace l2l::fuzz {
namespace {

const char* const kConfig = "{}";

const Layout& layout() {
  static const CoordinateModel model({.layers = 1, .hidden = 1});
  return model.layout();
}

}  // namespace

void read(std::string_view bytes) {
  attempt([&] {
    const MetaTrainState state = load_checkpoint(put("checkpoint", safetensors_file(bytes)), layout(), kConfig, {});
    require(std::ssize(state.phi) == layout().size(), "another number of weights than the model's");
  });
}

std::vector<std::string> seeds() {
  const std::vector<Real> values(layout().size(), Real(0.5));
  MetaTrainState state;
  state.phi = state.best_phi = values;
  state.adam = {values, values, 3};
  state.random = Rng(1).state();
  state.epoch = 3;
  save_checkpoint(folder() / "written", layout(), state, kConfig);
  const std::string file = content_of(folder() / "written");
  return {file, safetensors_input(file)};
}

}  // namespace l2l::fuzz
