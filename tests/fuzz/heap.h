// How much memory a piece of code has on the heap at once: the promise that a small input costs little is a property
// like any other.
#pragma once

#include <cstddef>

namespace gapstow::fuzz {

/// What parsing may take for each byte of the text: a flood of tiny values costs 40 times its text, and it is held
/// twice for a moment.
inline constexpr std::size_t kParsedPerByte = 200;
inline constexpr std::size_t kParsedBase = 256U << 10;

/// Ends the process when, during its life, more than `bytes` are allocated by `new` beyond what was at the beginning.
/// One at a time, and for the whole process: other threads count as well.
class HeapLimit {
 public:
  explicit HeapLimit(std::size_t bytes);
  HeapLimit(const HeapLimit&) = delete;
  HeapLimit& operator=(const HeapLimit&) = delete;
  ~HeapLimit();
};

}  // namespace gapstow::fuzz
