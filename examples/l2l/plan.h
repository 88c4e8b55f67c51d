#pragma once
#include <string>

#include "examples/l2l/run/settings.h"

namespace l2l {

/// What a run will need: sizes, memory, time; of each of `processes` that share it (see optim/team.h). It is computed
/// and measured, which takes a few seconds.
std::string plan_text(RunConfig config, const Family& optimizee, int processes);

/// The peak memory of this process so far, in bytes.
std::size_t peak_memory();
/// The memory that is still available to it, in bytes; 0 if unknown.
std::size_t available_memory();
/// "61 MB"; a MB is 10^6 bytes.
std::string megabytes(std::size_t bytes);

}  // namespace l2l
