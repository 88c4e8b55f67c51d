#pragma once
#include <string>

#include "examples/l2l/run/settings.h"

namespace l2l {

/// What a run will take, measured and reckoned before it: sizes, memory, time. Takes a few seconds.
std::string plan_text(const RunConfig& config, const Family& optimizee);

/// The largest memory that this process has had, in bytes.
std::size_t peak_memory();
/// What the machine could still give it, in bytes; 0 where it does not say.
std::size_t available_memory();
/// "61 MB", of 10^6 bytes.
std::string megabytes(std::size_t bytes);

}  // namespace l2l
