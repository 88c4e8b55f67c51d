#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "examples/l2l/run/settings.h"
#include "examples/l2l/run/text_file.h"
#include "nn/files/atomic_file.h"

namespace l2l {

/// config.json: all that determines a training.
std::string config_text(const RunConfig& config);

/// A folder that holds a training run, and the names of the files in it.
struct RunFolder {
  std::filesystem::path path;

  std::filesystem::path optimizer() const { return path / "optimizer.safetensors"; }
  std::filesystem::path config() const { return path / "config.json"; }
  std::filesystem::path log() const { return path / "train.csv"; }
  std::filesystem::path picture() const { return path / "train.png"; }
  std::filesystem::path checkpoint() const { return path / "checkpoint.safetensors"; }
  /// compare.csv, .json or .png; with a label compare-LABEL.csv and so on.
  std::filesystem::path comparison(const std::string& label, const std::string& extension) const;

  /// Of l2l probe: probe.json, and with a name probe_NAME.csv or .png.
  std::filesystem::path probe(const std::string& name, const std::string& extension) const;
  /// What earlier probes wrote.
  std::vector<std::filesystem::path> probes() const;
  /// What l2l meta-gradient writes: .csv, .json or .png.
  std::filesystem::path meta_gradient(const std::string& extension) const;
  /// sheet-NAME.png: where the report looks for styled pictures.
  std::filesystem::path sheet(const std::string& name) const;
  /// What l2l refine writes: .csv, .json or .png.
  std::filesystem::path refinement(const std::string& extension) const;
  /// What l2l diagnose writes: .json or .png.
  std::filesystem::path diagnosis(const std::string& extension) const;

  /// Before the work: an Error that ends with the remedy if the folder holds a run already, unless `force` is given.
  void check_free(bool force, const std::string& remedy) const;
  /// Begins a new run with config.json and what else belongs to it from the start. A run that is there already goes,
  /// and what was found out about it; where a process is killed on the way, what is left is a run without an optimizer.
  void begin(const RunConfig& config, std::vector<NewFile> others = {}) const;
  /// What `begin` wrote. An Error names the file and what is wrong with it.
  RunConfig read_config() const;
  /// The digits of its checksum, "" if it has none.
  std::string config_checksum() const;
  /// The trained optimizer as a file, which notes that it belongs to a `config.json` of this text.
  NewFile optimizer_file(const LearnedOptimizer& learned, const std::string& config) const;
  /// The trained optimizer. An Error names the file if it cannot be read or is not of the run in `config`.
  LearnedOptimizer read_optimizer(const RunConfig& config) const;
  /// Before the work: an Error unless all these files can be written. If the summary is there already, so is all, and
  /// it is an Error that ends with the remedy, unless `force` is given.
  void check_output(const std::filesystem::path& summary, const std::vector<std::filesystem::path>& others, bool force,
                    const std::string& remedy) const;
  /// An optimizee with the options in config.json, and with others that were `given` since. A bad option is a
  /// UsageError if some were given, and else an Error that names config.json.
  Family make_optimizee(const OptimizeeEntry& entry, OptionValues saved, const OptionValues& given) const;

 private:
  /// The files of the run that are there.
  std::vector<std::filesystem::path> run() const;
};

}  // namespace l2l
