// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>

namespace sparsys {

// Seconds that this thread has had a processor for: of work, not of waiting for one.
inline double processor_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace sparsys
