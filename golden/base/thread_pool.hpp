// SPDX-License-Identifier: Apache-2.0
// Fork-join over a fixed set of threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sparsys {

// What workers make of float numbers below 1e-38: themselves, or zero. A well-trained network's
// gradients underflow, and such numbers cost many cycles each: training flushes them. Everything
// else computes with them, as other runtimes do. Where the processor can't flush they are kept.
enum class Denormals { kKept, kFlushed };

class ThreadPool {
 public:
  // 0 threads: all processors.
  explicit ThreadPool(unsigned threads = 0, Denormals denormals = Denormals::kKept);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned size() const { return static_cast<unsigned>(workers_.size()); }

  // Calls body(i) once for each i in [0, tasks), in any order and on any worker, and returns when
  // all are done. Rethrows the first exception. Not to be called from within a body.
  void run(size_t tasks, const std::function<void(size_t)>& body);

 private:
  void work(Denormals denormals);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  const std::function<void(size_t)>* body_ = nullptr;
  size_t tasks_ = 0;
  size_t next_ = 0;
  size_t unfinished_ = 0;
  bool stop_ = false;
  std::exception_ptr error_;
};

}  // namespace sparsys
