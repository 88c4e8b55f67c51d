#pragma once

namespace l2l::bench {

/// GFLOP/s of one core in the best of several products of 512 x 512 matrices, measured now: what BLAS shows the machine
/// to be capable of, and so a measure for everything else.
double sgemm_peak();

}  // namespace l2l::bench
