// Allocation functions that count. Their storage comes from malloc, so that sanitizers watch it as before.
#include "fuzz/heap.h"

#include <malloc.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

// Allocation functions have no other place to keep anything.
std::atomic<std::int64_t> live{0};
std::atomic<std::int64_t> ceiling{INT64_MAX};

[[noreturn]] void too_much(std::int64_t bytes) {
  ceiling = INT64_MAX;
  std::fprintf(stderr, "property violated: memory is bounded (%lld bytes)\n", static_cast<long long>(bytes));
  std::abort();
}

void* noted(void* made) noexcept {
  const auto size = static_cast<std::int64_t>(malloc_usable_size(made));
  const std::int64_t now = live.fetch_add(size, std::memory_order_relaxed) + size;
  if (now > ceiling.load(std::memory_order_relaxed)) too_much(now);
  return made;
}

void* counted(void* made) {
  if (made == nullptr) throw std::bad_alloc();
  return noted(made);
}

void release(void* made) noexcept {
  live.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(made)), std::memory_order_relaxed);
  std::free(made);
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(size)); }
void* operator new[](std::size_t size) { return counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, (size + step - 1) / step * step));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return noted(std::malloc(size)); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return noted(std::malloc(size)); }
void operator delete(void* made, const std::nothrow_t&) noexcept { release(made); }
void operator delete[](void* made, const std::nothrow_t&) noexcept { release(made); }
void operator delete(void* made) noexcept { release(made); }
void operator delete[](void* made) noexcept { release(made); }
void operator delete(void* made, std::size_t) noexcept { release(made); }
void operator delete[](void* made, std::size_t) noexcept { release(made); }
void operator delete(void* made, std::align_val_t) noexcept { release(made); }
void operator delete(void* made, std::size_t, std::align_val_t) noexcept { release(made); }

namespace gapstow::fuzz {

HeapLimit::HeapLimit(std::size_t bytes) { ceiling = live.load() + static_cast<std::int64_t>(bytes); }
HeapLimit::~HeapLimit() { ceiling = INT64_MAX; }

}  // namespace gapstow::fuzz
