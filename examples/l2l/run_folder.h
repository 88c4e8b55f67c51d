#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "examples/l2l/settings.h"

namespace l2l {

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

  /// Makes the folder if need be.
  void make() const;
  /// Writes config.json for a new run. A folder that holds a run already is an Error that ends with the remedy, or with
  /// `force` loses that run and what was found out about it.
  void begin(const RunConfig& config, bool force, const std::string& remedy) const;
  /// What `begin` wrote. An Error names the file and what is wrong with it.
  RunConfig read_config() const;
  /// The trained optimizer. An Error names the file if it cannot be read or is not of the run in `config`.
  LearnedOptimizer read_optimizer(const RunConfig& config) const;
  /// Before the work: an Error unless the folder can be written to and none of the files is there already, or `force`
  /// is given. The Error ends with the remedy.
  void check_output(const std::vector<std::filesystem::path>& files, bool force, const std::string& remedy) const;
  /// An optimizee with the options in config.json, and with others that were `given` since. A bad option is a
  /// UsageError if some were given, and else an Error that names config.json.
  OptimizeeFactory make_optimizee(const OptimizeeEntry& entry, OptionValues saved, const OptionValues& given) const;
};

/// A folder that other l2l processes keep out of for as long as this lives: `alone` keeps all out, `together` those
/// that want to be alone. It is an Error if one that must be kept out is at work there already. A file system without
/// locks has none.
class FolderLock {
 public:
  enum Kind { alone, together };
  FolderLock(const std::filesystem::path& folder, Kind kind);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

/// The whole file as text; an Error names it and the system's reason.
std::string read_text(const std::filesystem::path& path);

}  // namespace l2l
