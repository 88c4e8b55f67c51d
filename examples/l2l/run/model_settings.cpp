#include "examples/l2l/run/model_settings.h"

#include "autodiff/error.h"
#include "optim/learned/models.h"

namespace l2l {

/// A row of the table of models, which other settings may change.
Setting model_setting() {
  static constexpr const char* kCustom = "custom";
  std::string rows;
  for (const NamedModel& row : models()) rows += row.name + ": " + row.summary + "\n";
  return {"model",
          "NAME",
          "sets the five settings that follow at once\n" + rows + "custom: as they are",
          [](const RunConfig& config) {
            for (const NamedModel& row : models()) {
              if (row.config == config.optimizer) return row.name;
            }
            return std::string(kCustom);
          },
          [](RunConfig& config, const std::string& text) {
            if (text != kCustom) config.optimizer = parse_named("--model", find_model, text).config;
          },
          kCustom};
}

namespace {

/// "none", "rescale:C", "log" or "log:P", "moments" or "moments:BETA", "timescales"
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
  const Range range = kind == Preprocess::Kind::moments ? Range{1e-6, 1 - 1e-6} : kPositive;
  if (has_parameter) return {kind, parse_number<double>("--preprocess " + text, text.substr(colon + 1), range)};
  return {kind, kind == Preprocess::Kind::moments ? 0.95 : Preprocess{}.parameter};
}

std::string preprocess_text(const Preprocess& preprocess) {
  const std::string name(name_of(preprocess.kind));
  return preprocess.has_parameter() ? name + ":" + to_text(preprocess.parameter) : name;
}

}  // namespace

Setting preprocess_setting() {
  return {
      "preprocess", "KIND",
      "what the LSTM sees of a gradient: none, rescale:C (times C),\n"
      "log:P (logarithm and sign; log alone is log:10), moments:BETA\n"
      "(of size 1, with their moving average; alone 0.95),\n"
      "timescales (with three of them, and the step), or orthogonal\n"
      "(those, the orthogonalised momentum of weight matrices, and\n"
      "whether steps go too far)",
      [](const RunConfig& config) { return preprocess_text(config.optimizer.preprocess); },
      [](RunConfig& config, const std::string& text) { config.optimizer.preprocess = parse_preprocess_setting(text); }};
}

/// "scaled", "squashed" or "anchored:RATE"
Setting proposal_setting() {
  return {"proposal",
          "KIND",
          "what its output becomes: scaled (times --scale), squashed\n"
          "(tanh, times --scale), or anchored:RATE (steps of ADAM, with\n"
          "orthogonal of Muon, with this rate, which it changes; alone\n"
          "0.01; needs moments, timescales or orthogonal)",
          [](const RunConfig& config) {
            const LstmConfig& lstm = config.optimizer;
            const std::string name(name_of(lstm.proposal));
            return lstm.proposal == Proposal::Kind::anchored ? name + ":" + to_text(lstm.rate) : name;
          },
          [](RunConfig& config, const std::string& text) {
            const std::size_t colon = text.find(':');
            const Proposal::Kind kind = parse_proposal(text.substr(0, colon));
            const bool has_rate = colon != std::string::npos, anchored = kind == Proposal::Kind::anchored;
            if (has_rate && !anchored) throw UsageError("--proposal ", text, ": only anchored takes a rate");
            config.optimizer.proposal = kind;
            config.optimizer.rate = has_rate
                                        ? parse_number<double>("--proposal " + text, text.substr(colon + 1), kPositive)
                                        : LstmConfig{}.rate;
            if (anchored && config.optimizer.preprocess.direction() < 0) {
              throw UsageError("--proposal ", text,
                               ": an anchored proposal needs --preprocess moments, timescales or orthogonal, not ",
                               preprocess_text(config.optimizer.preprocess));
            }
          },
          "scaled"};
}

}  // namespace l2l
