#pragma once
#include <filesystem>

#include "optim/learned/preprocess.h"

namespace l2l {

inline constexpr const char* kPreprocessHeader = "gradient,feature_1,feature_2\n";

/// Writes FOLDER/preprocess.csv (`gradient,feature_1,feature_2`) and preprocess.png: what the LSTM sees of gradients
/// with 1e-8 ≤ |∇| ≤ 1000 after log-and-sign preprocessing (the paper's appendix A). Returns whether there is a
/// picture.
bool draw_preprocessing(const Preprocess& preprocess, const std::filesystem::path& folder);

}  // namespace l2l
