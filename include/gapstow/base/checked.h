// Arithmetic on sizes that come out of files: overflow is an error, never a wrap.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "gapstow/base/error.h"

namespace gapstow::base {

/// a + b, or Error{limit_exceeded}.
inline std::uint64_t checked_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw Error(ErrorCode::limit_exceeded, "sizes overflow 64 bits");
  return sum;
}

/// `value` in the narrower type, or Error{limit_exceeded}.
template <typename To, typename From>
To checked_narrow(From value) {
  if (!std::in_range<To>(value)) {
    throw Error(ErrorCode::limit_exceeded, "number " + std::to_string(value) + " is out of range");
  }
  return static_cast<To>(value);
}

/// Error{limit_exceeded} "<what>: <value> exceeds the limit of <limit>" when it does.
inline void check_limit(std::uint64_t value, std::uint64_t limit, const std::string& what) {
  if (value > limit) {
    throw Error(ErrorCode::limit_exceeded,
                what + ": " + std::to_string(value) + " exceeds the limit of " + std::to_string(limit));
  }
}

}  // namespace gapstow::base
