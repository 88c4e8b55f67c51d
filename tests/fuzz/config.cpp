// A run's config.json: RunFolder::read_config.
#include "examples/l2l/run/run_folder.h"
#include "tests/fuzz/fuzz.h"

namespace l2l::fuzz {

void read(std::string_view bytes) {
  for (const std::string& text : {std::string(bytes), resealed(bytes)}) {
    put("config.json", text);
    attempt([] { RunFolder{folder()}.read_config(); });
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> inputs;
  for (const OptimizeeEntry& entry : optimizees()) {
    const RunFolder run{folder()};
    run.begin(default_config(entry));
    inputs.push_back(content_of(run.config()));
  }
  return inputs;
}

}  // namespace l2l::fuzz
