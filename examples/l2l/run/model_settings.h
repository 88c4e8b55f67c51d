#pragma once
#include <string>

#include "examples/l2l/run/settings.h"

namespace l2l {

/// The settings that say what a learned optimizer is made of: features and proposal, and a name for all of it.
Setting model_setting();
Setting preprocess_setting();
Setting proposal_setting();

/// The features as that setting has them: "log:10"
std::string preprocess_text(const Preprocess& preprocess);

}  // namespace l2l
