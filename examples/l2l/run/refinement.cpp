#include "examples/l2l/run/refinement.h"

#include <nlohmann/json.hpp>

#include "examples/l2l/run/json_file.h"

namespace l2l {

std::string refinement_json(const Refinement& refinement) {
  const EvolutionConfig& config = refinement.config;
  nlohmann::ordered_json json;
  json["version"] = L2L_VERSION;
  json["run"] = refinement.run;
  json["options"] = refinement.options;
  json["settings"] = {{"iterations", config.iterations},
                      {"pairs", config.pairs},
                      {"deviation", config.deviation},
                      {"all-weights", config.all_weights},
                      {"lr", config.learning_rate},
                      {"final-rate", config.final_rate},
                      {"steps", config.steps},
                      {"last", config.last},
                      {"window", config.window},
                      {"shortest", config.shortest},
                      {"validate-every", config.validate_every},
                      {"validation-functions", config.validation_functions},
                      {"seed", config.seed}};
  json["iterations_done"] = refinement.iterations_done;
  json["validation"] = {{"start", refinement.validation_start}, {"best", refinement.validation_best}};
  if (const auto& reference = refinement.reference) {
    json["reference"] = {
        {"optimizer", "adam"}, {"learning_rate", reference->learning_rate}, {"validation", reference->loss}};
  }
  return json_text(json);
}

Refinement read_refinement(const std::filesystem::path& file, const std::string& remedy) {
  return read_json(file, "damaged, or not written by l2l refine: ", remedy, [](const JsonObject& json) {
    json.check_version("version");
    Refinement refinement;
    refinement.run = parse_text("'run'", json.text("run"));
    refinement.options = json.texts("options");
    for (const auto& [name, value] : refinement.options) parse_text("'" + name + "'", value);
    const JsonObject settings = json.object("settings");
    refinement.config.seed = settings.number<std::uint64_t>("seed", kNotNegative);
    refinement.config.iterations = settings.number<int>("iterations", kCount);
    if (json.contains("reference")) {
      const JsonObject saved = json.object("reference");
      refinement.reference = {saved.number<double>("learning_rate", kPositive), saved.number_or_nan("validation"),
                              settings.number<int>("steps", kCount),
                              settings.number<int>("validation-functions", kCount), refinement.config.seed};
    }
    return refinement;
  });
}

}  // namespace l2l
