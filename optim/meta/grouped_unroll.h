#pragma once
#include "optim/learned/unroll.h"

namespace l2l {

/// A recorder, fused or composed, for each LSTM of a learned optimizer. The groups of θ have to be known (`reset_for`)
/// if it has parts.
std::unique_ptr<UnrollRecorder> make_recorder(const OptimizerModel& model, bool fused, int threads);

}  // namespace l2l
