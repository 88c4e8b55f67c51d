#pragma once
#include <filesystem>
#include <string>

#include "optim/meta/meta_train.h"

namespace l2l {

/// Saves all that is needed to continue a training to the same bytes as if it had not stopped: φ, the best φ and ADAM's
/// moments as tensors, the rest as text in the metadata. `config` is the text of config.json.
void save_checkpoint(const std::filesystem::path& path, const Layout& phi, const MetaTrainState& state,
                     const std::string& config);

/// The bytes that save_checkpoint writes.
std::string checkpoint_bytes(const Layout& phi, const MetaTrainState& state, const std::string& config);

/// Reads it back. Throws an Error that names the file if it is damaged, not a checkpoint, or belongs to another
/// `config`, or if its state is impossible in such a `training`.
MetaTrainState load_checkpoint(const std::filesystem::path& path, const Layout& phi, const std::string& config,
                               const MetaTrainConfig& training);

}  // namespace l2l
