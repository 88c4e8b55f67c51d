#pragma once
#include <omp.h>

#include "autodiff/types.h"

namespace l2l {

/// Calls f(k, thread) for all k < count on `threads` threads; `thread` is the number of the one that calls. f must not
/// throw, and its result must not depend on `thread`.
template <class F>
void parallel_for(int threads, Index count, F f) {
  if (threads == 1 || count < 2) {
    for (Index k = 0; k < count; ++k) f(k, 0);
    return;
  }
#pragma omp parallel for schedule(static) num_threads(threads)
  for (Index k = 0; k < count; ++k) f(k, omp_get_thread_num());
}

}  // namespace l2l
