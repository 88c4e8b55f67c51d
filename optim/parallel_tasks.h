#pragma once
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

namespace l2l {

/// Calls f(k, thread) for all k < count, `threads` at a time. `thread` is the number of the one that calls, below
/// `threads`. If a call throws, no further one is begun, and the exception is thrown again here.
template <class F>
void run_tasks(int count, int threads, F f) {
  std::exception_ptr failure;  // exceptions must not leave a parallel region
  std::mutex failing;
  std::atomic<bool> failed = false;
#pragma omp parallel for schedule(dynamic) num_threads(std::clamp(count, 1, threads))
  for (int k = 0; k < count; ++k) {
    if (failed) continue;
    try {
      f(k, omp_get_thread_num());
    } catch (...) {
      const std::lock_guard lock(failing);
      if (!failure) failure = std::current_exception();
      failed = true;
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace l2l
