// SPDX-License-Identifier: Apache-2.0
#include "golden/base/thread_pool.hpp"

#include <algorithm>

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace sparsys {

ThreadPool::ThreadPool(unsigned threads, Denormals denormals) {
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  workers_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i)
    workers_.emplace_back([this, denormals] { work(denormals); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(size_t tasks, const std::function<void(size_t)>& body) {
  if (tasks == 0) return;
  std::unique_lock<std::mutex> lock(mutex_);
  body_ = &body;
  tasks_ = tasks;
  next_ = 0;
  unfinished_ = tasks;
  error_ = nullptr;
  start_.notify_all();
  done_.wait(lock, [this] { return unfinished_ == 0; });
  body_ = nullptr;
  if (error_) std::rethrow_exception(error_);
}

void ThreadPool::work([[maybe_unused]] Denormals denormals) {
#ifdef __SSE2__
  // Not only set: a thread begins with what its maker has.
  constexpr unsigned kFlush = 0x8040;  // flush to zero, denormals are zero
  const unsigned other = _mm_getcsr() & ~kFlush;
  _mm_setcsr(denormals == Denormals::kFlushed ? other | kFlush : other);
#endif
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    start_.wait(lock, [this] { return stop_ || (body_ != nullptr && next_ < tasks_); });
    if (stop_) return;
    const size_t task = next_++;
    const std::function<void(size_t)>& body = *body_;
    lock.unlock();
    std::exception_ptr error;
    try {
      body(task);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !error_) error_ = error;
    if (--unfinished_ == 0) done_.notify_one();
  }
}

}  // namespace sparsys
