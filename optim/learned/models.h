#pragma once
#include <string>
#include <vector>

#include "optim/learned/coordinate_model.h"

namespace l2l {

/// One row of the table of models.
struct NamedModel {
  std::string name;
  std::string summary;  // one line
  CoordinateConfig config;
};
/// lstm, rnnprop, anchored, perceptron. A new one is a line in models.cpp.
const std::vector<NamedModel>& models();
/// A UsageError that lists the names there are if none fits.
const NamedModel& find_model(std::string_view name);

}  // namespace l2l
