#pragma once
#include <filesystem>
#include <string>

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

  /// Makes the folder and writes config.json, so that a folder that cannot be written to is noticed before the work.
  /// One that holds a run already is an Error, or with `force` loses that run and what was compared with it.
  void create(const RunConfig& config, bool force) const;
  /// What `create` wrote. An Error names the file and what is wrong with it.
  RunConfig read_config() const;
};

/// The whole file as text; an Error names it and the system's reason.
std::string read_text(const std::filesystem::path& path);

}  // namespace l2l
