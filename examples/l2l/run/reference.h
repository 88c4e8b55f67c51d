#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "examples/l2l/run/progress.h"
#include "optim/evaluate.h"

namespace l2l {

/// When a training measures its reference: if that is quick beside the training, in any case, or not at all.
enum class ReferenceWhen { automatic, always, never };
/// "auto", "always" or "never"; a UsageError for anything else.
ReferenceWhen parse_reference_when(std::string_view name);

/// What an optimizer in training has to beat: the loss of ADAM on the same validation functions, after as many steps,
/// with the learning rate that is best there. The content of reference.json.
struct Reference {
  double learning_rate = 0;
  double loss = 0;  // mean over the functions
  int steps = 0, functions = 0;
  std::uint64_t seed = 0;  // of the functions
};
/// "ADAM with learning rate 0.0464, tuned for step 100", without its loss.
std::string describe(const Reference& reference);

std::string reference_json(const Reference& reference);
/// Reads reference.json. An Error names the file: it is damaged, or about other functions or steps.
Reference read_reference(const std::filesystem::path& file, const EvaluateOptions& validation);

/// The largest share of a training's time that its reference may take unasked.
inline constexpr double kReferenceShare = 0.05;

/// Tunes ADAM on the functions of the validation, as `l2l compare` tunes it, and takes its loss there. The processes of
/// a team share the work. Nothing if the first of its evaluations shows that all would take longer than
/// `longest_seconds`, or if ADAM diverges at every rate; then prints why.
std::optional<Reference> measure_reference(const Family& family, const EvaluateOptions& validation,
                                           double longest_seconds, StatusLine& status);

/// How long it may take in a training that takes so many seconds: no end, if it is wanted in any case.
inline double longest_reference(ReferenceWhen when, double training_seconds) {
  return when == ReferenceWhen::always ? std::numeric_limits<double>::infinity() : kReferenceShare * training_seconds;
}

}  // namespace l2l
