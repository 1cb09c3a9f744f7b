// SPDX-License-Identifier: Apache-2.0
#include "tb/support/allocations.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace sparsys {

std::atomic<size_t> largest_block{0};
std::atomic<size_t> bytes_taken{0};

namespace {

void* allocate(size_t size) {
  if (size > largest_block) largest_block = size;
  bytes_taken += size;
  void* block = std::malloc(std::max<size_t>(size, 1));
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace
}  // namespace sparsys

void* operator new(size_t size) { return sparsys::allocate(size); }
void* operator new[](size_t size) { return sparsys::allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(std::max<size_t>(size, 1));
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(std::max<size_t>(size, 1));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
void operator delete[](void* block, size_t) noexcept { std::free(block); }
