#include "examples/l2l/run/model_settings.h"

#include "autodiff/error.h"
#include "nn/spelling.h"
#include "optim/learned/models.h"
#include "optim/orthogonalize.h"

namespace l2l {

/// A row of the table of models, which other settings may change.
Setting model_setting() {
  static constexpr const char* kCustom = "custom";
  std::string rows;
  std::vector<std::string> words{kCustom};
  for (const NamedModel& row : models()) {
    rows += row.name + ": " + row.summary + "\n";
    words.push_back(row.name);
  }
  return {"model",
          "NAME",
          "sets the six settings that follow at once\n" + rows + "custom: as they are",
          [](const RunConfig& config) {
            for (const NamedModel& row : models()) {
              if (row.config == config.optimizer) return row.name;
            }
            return std::string(kCustom);
          },
          [](RunConfig& config, const std::string& text) {
            if (text != kCustom) config.optimizer = parse_named("--model", find_model, text).config;
          },
          kCustom,
          words};
}

namespace {

Range parameter_range(Preprocess::Kind kind) {
  switch (kind) {
    case Preprocess::Kind::moments: return {1e-6, 1 - 1e-6};
    case Preprocess::Kind::orthogonal: return {0, 1};
    default: return kPositive;
  }
}

double default_parameter(Preprocess::Kind kind) {
  switch (kind) {
    case Preprocess::Kind::moments: return 0.95;
    case Preprocess::Kind::orthogonal: return kMomentumGrowth;
    default: return Preprocess{}.parameter;
  }
}

/// "none", "rescale:C", "log" or "log:P", "moments" or "moments:BETA", "timescales", "orthogonal" or "orthogonal:Q"
Preprocess parse_preprocess_setting(const std::string& text) {
  const std::size_t colon = text.find(':');
  const Preprocess::Kind kind = parse_preprocess(text.substr(0, colon));
  const bool has_parameter = colon != std::string::npos;
  if (has_parameter && !Preprocess{kind}.has_parameter()) {
    throw UsageError("--preprocess ", text, ": '", name_of(kind), "' takes no parameter");
  }
  if (kind == Preprocess::Kind::rescale && !has_parameter) {
    throw UsageError("--preprocess rescale: the factor is missing, e.g. rescale:0.1");
  }
  if (!has_parameter) return {kind, default_parameter(kind)};
  return {kind, parse_number<double>("--preprocess " + text, text.substr(colon + 1), parameter_range(kind))};
}

}  // namespace

std::string preprocess_text(const Preprocess& preprocess) {
  const std::string name(name_of(preprocess.kind));
  return preprocess.has_parameter() ? name + ":" + to_text(preprocess.parameter) : name;
}

Setting preprocess_setting() {
  return {
      "preprocess",
      "KIND",
      "what it sees of a gradient: none, rescale:C (times C),\n"
      "log:P (logarithm and sign; log alone is log:10), moments:BETA\n"
      "(of size 1, with their moving average; alone 0.95),\n"
      "timescales (with three of them, and the step), or orthogonal:Q\n"
      "(those; the orthogonalised momentum of weight matrices, whose\n"
      "decay is 1 - 0.1 (1000/t)^Q at step t, always 0.9 for Q = 0;\n"
      "and whether steps go too far; alone 0.3)",
      [](const RunConfig& config) { return preprocess_text(config.optimizer.preprocess); },
      [](RunConfig& config, const std::string& text) { config.optimizer.preprocess = parse_preprocess_setting(text); },
      {},
      {"none", "rescale:", "log", "moments", "timescales", "orthogonal"}};
}

namespace {

std::string proposal_text(const CoordinateConfig& config) {
  const std::string name(name_of(config.proposal));
  if (config.proposal != Proposal::Kind::anchored) return name;
  return name + ":" + to_text(config.rate) + (config.decay > 0 ? ":" + to_text(config.decay) : "");
}

/// "scaled", "squashed", "anchored", "anchored:RATE" or "anchored:RATE:DECAY", of these features
void set_proposal(CoordinateConfig& config, const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  const std::string flag = "--proposal " + text;
  config.proposal = parse_proposal(parts[0]);
  config.rate = CoordinateConfig{}.rate;
  config.decay = CoordinateConfig{}.decay;
  if (config.proposal != Proposal::Kind::anchored) {
    if (parts.size() > 1) throw UsageError(flag, ": only anchored takes a rate");
    return;
  }
  if (parts.size() > 3) throw UsageError(flag, ": it is anchored:RATE or anchored:RATE:DECAY");
  if (parts.size() > 1) config.rate = parse_number<double>(flag, parts[1], kPositive);
  if (parts.size() > 2) config.decay = parse_number<double>(flag, parts[2], Range{0, CoordinateConfig::kMaxDecay});
  const Preprocess& features = config.preprocess;
  if (features.direction() < 0) {
    throw UsageError(flag, ": an anchored proposal needs --preprocess moments, timescales or orthogonal, not ",
                     preprocess_text(features));
  }
  if (config.decay > 0 && features.clock() < 0) {
    throw UsageError(flag, ": a decay needs --preprocess timescales or orthogonal, which know the step, not ",
                     preprocess_text(features));
  }
}

}  // namespace

Setting proposal_setting() {
  return {"proposal",
          "KIND",
          "what its output becomes: scaled (times --scale), squashed\n"
          "(tanh, times --scale), or anchored:RATE or anchored:RATE:DECAY\n"
          "(steps of ADAM, with orthogonal of Muon, with the rate\n"
          "RATE / t^DECAY at step t = 1, 2, ..., which it changes; alone\n"
          "0.01; needs moments, timescales or orthogonal)",
          [](const RunConfig& config) { return proposal_text(config.optimizer); },
          [](RunConfig& config, const std::string& text) { set_proposal(config.optimizer, text); },
          "scaled",
          {"scaled", "squashed", "anchored"}};
}

}  // namespace l2l
