#pragma once
#include "optim/learned/unroll.h"

namespace l2l {

/// A recorder for all parts of a learned optimizer, fused or composed.
std::unique_ptr<UnrollRecorder> make_recorder(const OptimizerModel& model, bool fused, int threads);

}  // namespace l2l
