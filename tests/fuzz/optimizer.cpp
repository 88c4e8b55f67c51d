// A trained optimizer: LearnedOptimizer::load.
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/learned/learned_optimizer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/safetensors_input.h"

namespace l2l::fuzz {

void read(std::string_view bytes) {
  attempt([&] {
    const LearnedOptimizer learned = LearnedOptimizer::load(put("optimizer", safetensors_file(bytes)));
    require(std::ssize(learned.phi) == learned.model.layout().size(), "another number of weights than the model's");
    make_optimizer(learned);
  });
}

std::vector<std::string> seeds() {
  const CoordinateModel one({.layers = 1, .hidden = 1}), two({.layers = 2, .hidden = 2, .preprocess = {}});
  const OptimizerModel models[] = {one, OptimizerModel({{"conv", two}, {"fc", FixedRule{"adam", 0.003}}})};
  std::vector<std::string> inputs;
  for (const OptimizerModel& model : models) {
    const std::vector<Real> phi(model.layout().size(), Real(0.5));
    LearnedOptimizer{model, phi}.save(folder() / "written");
    inputs.push_back(content_of(folder() / "written"));
    inputs.push_back(safetensors_input(inputs.back()));
  }
  return inputs;
}

}  // namespace l2l::fuzz
