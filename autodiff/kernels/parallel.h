#pragma once
#include <omp.h>

#include <algorithm>

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

/// visit(first, count) for each piece of n elements of arrays. Pieces have a fixed size, so results do not depend on
/// the number of threads. It is a whole number of cache lines.
template <class Visit>
void parallel_pieces(int threads, Index n, Visit visit) {
  constexpr Index kPiece = 1 << 14;
  parallel_for(threads, (n + kPiece - 1) / kPiece,
               [=](Index k, int) { visit(k * kPiece, std::min(kPiece, n - k * kPiece)); });
}

}  // namespace l2l
