#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "examples/l2l/run/reference.h"
#include "optim/meta/evolution.h"
#include "optimizees/registry.h"

namespace l2l {

/// How a run was refined from another one: the content of refine.json.
struct Refinement {
  std::string run;  // the other one's folder
  OptionValues options;  // of the functions that it was refined on, those given
  EvolutionConfig config;
  int iterations_done = 0;
  double validation_start = 0, validation_best = 0;
  std::optional<Reference> reference = {};  // with the loss that a validation shows
};

/// The first line of refine.csv.
inline constexpr const char* kRefinementHeader = "iteration,loss,learning_rate,validation\n";

std::string refinement_json(const Refinement& refinement);
/// Reads what other commands need of it: run, options, seed, iterations and reference. An Error names the file, and
/// ends with the remedy.
Refinement read_refinement(const std::filesystem::path& json, const std::string& remedy);

}  // namespace l2l
