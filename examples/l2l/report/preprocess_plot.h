#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "optim/learned/preprocess.h"

namespace l2l {

/// What a learned optimizer sees of gradients with 1e-8 ≤ |∇| ≤ 1000.
struct SeenFeatures {
  std::string text;  // what the features are, in a sentence or two
  std::vector<std::string> titles;  // of each
  std::vector<double> marks;  // gradients at which they change
  std::vector<Real> gradient;  // ascending
  std::vector<std::vector<Real>> values;  // [features][gradients]
};
/// Features that remember are those after 20 gradients of 1. Those that depend on a whole parameter are left out.
SeenFeatures seen_features(const Preprocess& preprocess);

/// How the header of preprocess.csv begins.
inline constexpr const char* kPreprocessHeader = "gradient,feature_1";

/// Writes FOLDER/preprocess.csv (`gradient,feature_1,feature_2` …) and preprocess.png. Returns whether there is a
/// picture.
bool draw_preprocessing(const Preprocess& preprocess, const std::filesystem::path& folder);

}  // namespace l2l
