#pragma once
#include <filesystem>
#include <string>

#include "optim/meta/meta_train.h"

namespace l2l {

/// All that is needed to continue a training run to the same bytes as if it had not stopped: φ, the best φ and ADAM's
/// moments as tensors, the rest as text in the metadata. `config` is the run's config.json.
void save_checkpoint(const std::filesystem::path& path, const Layout& phi, const MetaTrainState& state,
                     const std::string& config);

/// The bytes that it writes.
std::string checkpoint_bytes(const Layout& phi, const MetaTrainState& state, const std::string& config);

/// Reads it back. An Error names the file if it is damaged, foreign, belongs to another `config`, or holds what no such
/// `training` comes to.
MetaTrainState load_checkpoint(const std::filesystem::path& path, const Layout& phi, const std::string& config,
                               const MetaTrainConfig& training);

}  // namespace l2l
