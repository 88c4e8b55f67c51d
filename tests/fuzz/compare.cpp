// The result of a comparison, compare.json: compared_rate.
#include "examples/l2l/report.h"
#include "tests/fuzz/fuzz.h"

namespace l2l::fuzz {

void read(std::string_view bytes) {
  const std::filesystem::path file = put("compare.json", bytes);
  attempt([&] { require(compared_rate(file, "adam", "quadratic") > 0, "a learning rate that is not above 0"); });
}

std::vector<std::string> seeds() {
  Comparison comparison;
  comparison.optimizee = comparison.trained_on = "quadratic";
  comparison.horizon = comparison.steps = comparison.functions = 1;
  comparison.contestants = {{"lstm", {}, {1, {{2, 1}}}}, {"adam", 0.1, {1, {{2, 1}}}}};
  return {comparison_json(comparison)};
}

}  // namespace l2l::fuzz
