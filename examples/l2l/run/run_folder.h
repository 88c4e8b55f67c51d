#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "examples/l2l/run/settings.h"
#include "examples/l2l/run/text_file.h"
#include "nn/files/atomic_file.h"

namespace l2l {

/// The text of config.json: all that determines a training.
std::string config_text(const RunConfig& config);

/// A folder that holds a training run, and the names of the files in it.
struct RunFolder {
  std::filesystem::path path;

  std::filesystem::path optimizer() const { return path / "optimizer.safetensors"; }
  std::filesystem::path config() const { return path / "config.json"; }
  std::filesystem::path log() const { return path / "train.csv"; }
  std::filesystem::path picture() const { return path / "train.png"; }
  std::filesystem::path reference() const { return path / "reference.json"; }
  std::filesystem::path checkpoint() const { return path / "checkpoint.safetensors"; }
  /// compare.csv, -functions.csv, .json or .png; with a label compare-LABEL.csv and so on.
  std::filesystem::path comparison(const std::string& label, const std::string& extension) const;

  /// What l2l probe writes: probe.json, and with a name probe_NAME.csv or .png.
  std::filesystem::path probe(const std::string& name, const std::string& extension) const;
  /// What earlier probes wrote.
  std::vector<std::filesystem::path> probes() const;
  /// What l2l walk writes: .csv, .json, .png or .gif.
  std::filesystem::path walk(const std::string& extension) const;
  /// What l2l meta-gradient writes: .csv, .json or .png.
  std::filesystem::path meta_gradient(const std::string& extension) const;
  /// sheet-NAME.png: where the report looks for styled pictures.
  std::filesystem::path sheet(const std::string& name) const;
  /// What l2l refine writes: .csv, .json or .png.
  std::filesystem::path refinement(const std::string& extension) const;
  /// What l2l diagnose writes: .json or .png.
  std::filesystem::path diagnosis(const std::string& extension) const;

  /// Before the work: throws an Error that ends with the remedy if the folder holds a run already, unless `force`.
  void check_free(bool force, const std::string& remedy) const;
  /// Begins a new run with config.json and these other files. An older run is removed, and all results about it. If the
  /// process is killed in between, a run without an optimizer is left.
  void begin(const RunConfig& config, std::vector<NewFile> others = {}) const;
  /// Reads config.json. An Error names the file and what is wrong with it.
  RunConfig read_config() const;
  /// The digits of the checksum of config.json, "" if it has none.
  std::string config_checksum() const;
  /// The trained optimizer as a file, which notes the checksum of a config.json with this text, and the longest
  /// trajectories that it was trained on if these are not those in config.json.
  NewFile optimizer_file(const LearnedOptimizer& learned, const std::string& config,
                         std::optional<int> steps = {}) const;
  /// The longest trajectories that the optimizer was trained or refined on: as it notes, else as `config` says. 0: it
  /// was not trained. An Error names the file.
  int trained_steps(const RunConfig& config) const;
  /// Reads the trained optimizer. Throws an Error that names the file if it cannot be read or does not match `config`.
  LearnedOptimizer read_optimizer(const RunConfig& config) const;
  /// Before the work: throws an Error unless all these files can be written. The summary is always written last; if it
  /// is there already, throws an Error that ends with the remedy, unless `force`.
  void check_output(const std::filesystem::path& summary, const std::vector<std::filesystem::path>& others, bool force,
                    const std::string& remedy) const;
  /// An optimizee with the options in config.json, of which those `given` are replaced. A bad option is a UsageError if
  /// any were given, else an Error that names config.json.
  Family make_optimizee(const OptimizeeEntry& entry, OptionValues saved, const OptionValues& given) const;

 private:
  /// The existing files of the run.
  std::vector<std::filesystem::path> run() const;
};

}  // namespace l2l
