#pragma once
#include <filesystem>

#include "optim/learned/preprocess.h"

namespace l2l {

inline constexpr const char* kPreprocessHeader = "gradient,feature_1,feature_2\n";

/// Writes FOLDER/preprocess.csv (`gradient,feature_1,feature_2`) and preprocess.png: what the LSTM sees of gradients
/// from -1000 to -1e-8 and from 1e-8 to 1000 under log-and-sign preprocessing (appendix A of the paper). Returns
/// whether there is a picture.
bool draw_preprocessing(const Preprocess& preprocess, const std::filesystem::path& folder);

}  // namespace l2l
