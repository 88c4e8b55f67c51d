#pragma once

namespace l2l::bench {

/// GFLOP/s of one core in the best of several products of 512 x 512 matrices by BLAS, measured now: the peak that other
/// kernels are compared with.
double sgemm_peak();

}  // namespace l2l::bench
