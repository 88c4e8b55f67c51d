#pragma once
#include "optimizees/registry.h"

namespace l2l {

/// The same options with absolute paths, also in those of an ensemble's members, so that a run can be continued from
/// any folder. Defaults are unchanged.
OptionValues absolute_paths(const OptimizeeEntry& entry, OptionValues options);

}  // namespace l2l
