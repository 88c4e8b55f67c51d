#pragma once
#include <omp.h>

#include "autodiff/types.h"

namespace l2l {

/// f(k, thread) for all k < count, shared out to `threads` threads; `thread` says which of them calls. Which k a thread
/// gets depends on their number, so f must compute the same whoever calls it, and must not throw.
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
