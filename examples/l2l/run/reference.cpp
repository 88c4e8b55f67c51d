#include "examples/l2l/run/reference.h"

#include <nlohmann/json.hpp>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/run/json_file.h"
#include "nn/spelling.h"
#include "optim/rules.h"
#include "optim/team.h"
#include "optim/tune.h"

namespace l2l {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// A tuning in units of its first evaluation: 16 rates of the grid, 6 between them, and for some of these a trial for
/// safety, which counts as 4 (see tune_learning_rate).
constexpr int kEvaluations = 40;

/// Thrown out of a tuning that would take these seconds.
struct TooSlow {
  double seconds;
};

/// Throws TooSlow if what takes so many seconds is too slow, in all processes of a team if in the first one.
void check_time(double seconds, double longest) {
  const auto too_slow = [=](int, int) -> TaskResult { return {seconds > longest ? seconds : 0}; };
  if (const double found = share_tasks(1, 1, too_slow)[0][0]; found > 0) throw TooSlow{found};
}

}  // namespace

ReferenceWhen parse_reference_when(std::string_view name) {
  static const Names<ReferenceWhen> names(
      "reference",
      {{"auto", ReferenceWhen::automatic}, {"always", ReferenceWhen::always}, {"never", ReferenceWhen::never}});
  return names.parse(name);
}

std::string describe(const Reference& reference) {
  return format("ADAM with learning rate %.3g, tuned for step %d", reference.learning_rate, reference.steps);
}

std::string reference_json(const Reference& reference) {
  nlohmann::ordered_json json;
  json["version"] = L2L_VERSION;
  json["optimizer"] = "adam";
  json["learning_rate"] = reference.learning_rate;
  json["loss"] = reference.loss;
  json["steps"] = reference.steps;
  json["functions"] = reference.functions;
  json["seed"] = reference.seed;
  return json_text(json);
}

Reference read_reference(const std::filesystem::path& file, const EvaluateOptions& validation) {
  return read_json(file, "not the reference of this training: ", "", [&](const JsonObject& json) {
    json.check_version("version");
    json.check_names({"version", "optimizer", "learning_rate", "loss", "steps", "functions", "seed"});
    Reference reference;
    reference.learning_rate = json.number<double>("learning_rate", kPositive);
    reference.loss = json.number<double>("loss", Range{-kUnlimited, kUnlimited});
    reference.steps = json.number<int>("steps", kCount);
    reference.functions = json.number<int>("functions", kCount);
    reference.seed = json.number<std::uint64_t>("seed", kNotNegative);
    if (json.text("optimizer") != "adam" || reference.steps != validation.steps ||
        reference.functions != validation.functions || reference.seed != validation.seed) {
      throw Error("it is of ", json.text("optimizer"), " after ", reference.steps, " steps on ", reference.functions,
                  " functions of seed ", reference.seed);
    }
    return reference;
  });
}

std::optional<Reference> measure_reference(const Family& family, const EvaluateOptions& validation,
                                           double longest_seconds, StatusLine& status) {
  const auto start = std::chrono::steady_clock::now();
  const auto progress = [&](int evaluations) {
    if (evaluations == 1 && longest_seconds != kUnlimited) {
      const std::chrono::duration<double> one = std::chrono::steady_clock::now() - start;
      check_time(kEvaluations * one.count(), longest_seconds);
    }
    status.update("tuning ADAM, as a reference: evaluation " + std::to_string(evaluations));
  };
  TuneOptions options;
  options.evaluate = validation;
  const auto without = [&](const std::string& why) {
    status.finish("without a reference: " + why);
    return std::nullopt;
  };
  try {
    const TuneResult tuned = tune_learning_rate(find_rule("adam"), family, options, progress);
    const Reference reference{tuned.learning_rate, tuned.score, validation.steps, validation.functions,
                              validation.seed};
    status.finish("reference: " + describe(reference) + format(": %.4g", reference.loss));
    return reference;
  } catch (const TooSlow& slow) {
    const std::string time = slow.seconds < 60 ? format("%.2g s", slow.seconds) : duration(slow.seconds);
    return without(format("tuning ADAM would take about %s, more than %g%% of the training; --reference always does it",
                          time.c_str(), 100 * kReferenceShare));
  } catch (const Error& error) {
    return without(error.what());
  }
}

}  // namespace l2l
