#pragma once
#include "optim/learned/unroll.h"

namespace l2l {

/// The whole unroll as one node: the same function, several times faster, and without stored activations.
std::unique_ptr<UnrollRecorder> make_fused_recorder(const CoordinateModel& model, int threads);

}  // namespace l2l
