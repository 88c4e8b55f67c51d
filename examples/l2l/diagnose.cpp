#include "optim/study/diagnose.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "autodiff/error.h"
#include "autodiff/format.h"
#include "examples/l2l/commands.h"
#include "examples/l2l/report/plot.h"
#include "examples/l2l/run/interrupt.h"
#include "examples/l2l/run/json_file.h"
#include "examples/l2l/run/locks.h"
#include "examples/l2l/run/progress.h"
#include "examples/l2l/run/run_folder.h"
#include "examples/l2l/run/train_log.h"
#include "nn/files/atomic_file.h"
#include "nn/files/safetensors.h"
#include "optim/learned/fast/coordinate_optimizer.h"
#include "optim/study/drift.h"
#include "optim/study/probe.h"

namespace l2l {
namespace {

constexpr int kFunctions = 4;

/// Findings in the training's log; none if there is no log.
std::vector<Finding> read_training(const RunFolder& folder) {
  if (!std::filesystem::exists(folder.log())) return {};
  try {
    const TrainingLog log = read_training_log(folder.log());
    return diagnose_training(log.losses, log.norms);
  } catch (const Error& error) {
    throw Error(folder.log().string(), ": not the log of a training: ", error.what(),
                "; move it away to diagnose without the file");
  }
}

/// A finding about files without a checksum.
std::vector<Finding> read_seals(const RunFolder& folder) {
  std::vector<std::string> unsealed;
  if (!read_safetensors(folder.optimizer()).sealed) unsealed.push_back(folder.optimizer().filename());
  if (folder.config_checksum().empty()) unsealed.push_back(folder.config().filename());
  if (unsealed.empty()) return {};
  const bool one = unsealed.size() == 1;
  return {
      {"checksum", false,
       unsealed.front() + (one ? " has" : " and " + unsealed.back() + " have") + " none: damage would not be detected",
       "files that l2l writes have one; a file from another program, or an edited one, may be right"}};
}

/// " (--lr, --seed)": the flags of l2l train for the settings that a remedy speaks of.
std::string flags_of(const std::string& remedy) {
  static const std::pair<const char*, const char*> kFlags[] = {{"learning rate", "--lr"},
                                                               {"output scale", "--scale"},
                                                               {"seed", "--seed"},
                                                               {"epochs", "--epochs"},
                                                               {"steps", "--steps"},
                                                               {"unroll", "--unroll"},
                                                               {"preprocessing", "--preprocess"},
                                                               {"imitate a rule", "--imitate"},
                                                               {"anchored", "--model anchored"},
                                                               {"random lengths", "l2l refine --shortest"}};
  std::string flags;
  for (const auto& [setting, flag] : kFlags) {
    if (remedy.find(setting) != std::string::npos) flags += (flags.empty() ? " (" : ", ") + std::string(flag);
  }
  return flags.empty() ? "" : flags + ")";
}

std::string report_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& f : findings) {
    text += format("%-10s  %-17s  ", f.ok ? "ok" : "look here", f.name.c_str()) + f.text +
            (f.remedy.empty() ? "" : "\n" + std::string(31, ' ') + f.remedy + flags_of(f.remedy)) + "\n";
  }
  return text;
}

std::string report_json(int steps, std::uint64_t seed, const std::vector<Finding>& findings) {
  nlohmann::ordered_json json;
  json["steps"] = steps;
  json["functions"] = kFunctions;
  json["seed"] = seed;
  for (const Finding& f : findings) {
    auto& entry = json["findings"][f.name];
    entry["ok"] = f.ok;
    entry["text"] = f.text;
    entry["remedy"] = f.remedy + flags_of(f.remedy);
    for (const auto& [name, value] : f.numbers) entry["numbers"][name] = value;
  }
  return json_text(json);
}

/// Loss, sizes and shares along the first trajectory.
Commands picture(const std::string& optimizee, const Trace& trace, const Preprocess& preprocess) {
  std::string lines;
  for (std::size_t t = 0; t < trace.steps.size(); ++t) {
    const TraceStep& step = trace.steps[t];
    std::array<double, 4> saturated = {};
    for (const TraceStep::Layer& layer : step.layers) {
      for (int gate = 0; gate < 4; ++gate) saturated[gate] = std::max(saturated[gate], layer.saturated[gate]);
    }
    lines += std::to_string(t);
    for (const double x : {step.loss, step.median_update, step.median_theta, saturated[0], saturated[1], saturated[2],
                           saturated[3], step.clipped}) {
      lines += " " + to_text(x);
    }
    lines += "\n";
  }
  const auto line = [&](int column, const Commands& colour, const Commands& title) {
    return Commands("$trace using 1:", column, curve_style(trace.steps.size()), "linewidth 2 linecolor '", colour,
                    "' title '", title, "'");
  };
  const bool gates = !trace.steps.front().layers.empty();
  std::vector<Commands> shares;
  if (gates) {
    shares = {line(5, "#56b4e9", "saturated: i"), line(6, "#009e73", "saturated: f"),
              line(7, "#e69f00", "saturated: g"), line(8, "#cc79a7", "saturated: o")};
  }
  if (preprocess.kind == Preprocess::Kind::log_sign) shares.push_back(line(9, "#000000", "clipped input"));
  const Commands step_axis("\nset xlabel 'step'\n"), next_line("\n"), first("plot "), comma(", ");
  Commands last;  // a panel that a perceptron does not have, unless it sees logarithms
  for (std::size_t k = 0; k < shares.size(); ++k) last += Commands(k == 0 ? first : comma, shares[k]);
  return Commands(Commands::data("trace", lines), "set multiplot layout ", shares.empty() ? 2 : 3, ",1 title ",
                  Text("inside the optimizer on a validation function of " + optimizee +
                       (gates ? "; saturated: in the layer where it is most" : "")),
                  "\nset lmargin 11\nset rmargin 22\nset xrange [0:", std::max<std::size_t>(1, trace.steps.size() - 1),
                  "]\nset logscale y\nset ylabel 'loss'\nplot ", line(2, colour_of("lstm"), "loss"),
                  shares.empty() ? step_axis : next_line, "set ylabel 'median size'\nset format y '1e%L'\nplot ",
                  line(3, "#0072b2", "update u"), ", ", line(4, "#999999", "theta"),
                  "\nunset logscale y\nset format y '%g'\nset yrange [-0.02:1.02]", step_axis,
                  "set ylabel 'share'\nset key font ',11' spacing 0.9\n", last, "\nunset multiplot\n");
}

/// What the optimizer does without gradients, after a trajectory on the first of the functions; one that is too long to
/// keep its gradients is cut.
Drift drift_on_first(const LearnedOptimizer& learned, const Family& functions, EvaluateOptions options) {
  constexpr Index kMaxNumbers = Index{1} << 26;  // a quarter of a gigabyte of floats
  Rng stream = function_stream(0, options);
  const Layout layout = functions(stream, options.split)->layout();
  options.steps = static_cast<int>(std::clamp<Index>(kMaxNumbers / layout.size(), 1, options.steps));
  const std::unique_ptr<Optimizer> optimizer = make_optimizer(learned);
  const Recording recording = record(*optimizer, functions, 0, options);
  StatusLine status;
  std::optional<Pace> pace;
  return measure_drift(*optimizer, layout, recording.gradients, [&](int done, int all) {
    stop_if_interrupted();
    if (done == 0) {
      pace.emplace(0, all, "step");
      return;
    }
    status.update("without gradients: " + pace->after(done));
  });
}

}  // namespace

int diagnose(const DiagnoseRequest& request) {
  const RunFolder folder{request.run};
  const FolderLock lock(folder.path, FolderLock::together);
  const RunConfig config = folder.read_config();
  const LearnedOptimizer learned = folder.read_optimizer(config);
  const int trained_steps = folder.trained_steps(config);
  const int steps = request.steps.value_or(config.horizon(trained_steps));
  const std::uint64_t seed = request.seed.value_or(config.training.seed);
  const auto json = folder.diagnosis(".json"), png = folder.diagnosis(".png");
  const OutputLock output(json);
  folder.check_output(json, {png}, request.force, "replace it with --force");
  const std::vector<Finding> training = read_training(folder), seals = read_seals(folder);
  const Family functions = interruptible(folder.make_optimizee(find_optimizee(config.optimizee), config.options, {}));
  listen_for_interrupts();

  const EvaluateOptions validation{.split = Split::validation, .steps = steps, .seed = seed};
  std::vector<Trace> traces;
  {
    StatusLine status;
    for (int k = 0; k < kFunctions; ++k) {
      status.update("function " + std::to_string(k + 1) + "/" + std::to_string(kFunctions));
      traces.push_back(trace(learned, functions, k, validation));
    }
  }
  const auto& parts = learned.model.parts();
  const CoordinateConfig& lstm =
      std::find_if(parts.begin(), parts.end(), [](const auto& part) { return part.model(); })->model()->config();
  std::vector<Finding> findings = l2l::diagnose(traces, lstm, functions.chance_loss(), trained_steps);
  if (traces[0].not_finite.empty()) {
    for (const Finding& finding : diagnose_drift(drift_on_first(learned, functions, validation), lstm)) {
      findings.push_back(finding);
    }
  }
  findings.insert(findings.end(), training.begin(), training.end());
  findings.insert(findings.end(), seals.begin(), seals.end());

  const auto bad = std::count_if(findings.begin(), findings.end(), [](const Finding& finding) { return !finding.ok; });
  std::printf("%s: %d steps on %d validation functions: %td of %zu findings need a look\n\n%s\n",
              family(config.optimizee, config.options).c_str(), steps, kFunctions, bad, findings.size(),
              report_text(findings).c_str());
  std::fflush(stdout);
  std::vector<NewFile> files;
  const bool drawn =
      !traces[0].steps.empty() && add_picture(files, picture(config.optimizee, traces[0], lstm.preprocess), png, json);
  files.push_back({json, report_json(steps, seed, findings)});  // last: if it is there, all files are
  write_files_atomically(files, {json, png});
  std::printf("summary  %s\n", json.c_str());
  if (drawn) std::printf("picture  %s\n", png.c_str());
  return 0;
}

}  // namespace l2l
