// The result of a comparison, compare.json: compared_rate.
#include "examples/l2l/report/report.h"
#include "tests/fuzz/fuzz.h"

namespace l2l::fuzz {

void read(std::string_view bytes) {
  for (const std::string& text : {std::string(bytes), resealed(bytes)}) {
    const std::filesystem::path file = put("compare.json", text);
    attempt([&] { require(compared_rate(file, "adam", "quadratic") > 0, "a learning rate that is not above 0"); });
    attempt([&] { read_comparison(file, ""); });
  }
}

std::vector<std::string> seeds() {
  Comparison comparison;
  comparison.optimizee = comparison.trained_on = "quadratic";
  comparison.horizon = comparison.steps = comparison.functions = 1;
  comparison.tune_functions = comparison.trained_steps = 1;
  comparison.contestants = {{"lstm", {}, {1, {{2, 1}}}}};
  for (const char* rule : kBaselines) comparison.contestants.push_back({rule, 0.1, {1, {{2, 1}}}});
  return {comparison_json(comparison)};
}

}  // namespace l2l::fuzz
