// Strict parsing of JSON text. Source: RFC 8259, narrowed to texts that every parser reads alike.
#pragma once

#include <cstdint>

#include "gapstow/base/bytes.h"
#include "gapstow/json/value.h"

namespace gapstow::json {

/// What a document may hold. The caller bounds the size of the text by bounding what it reads.
struct ParseLimits {
  std::uint64_t bytes = 64ULL << 20;  ///< length of the text
  unsigned depth = 64;                ///< nested arrays and objects; genuine documents stay below 12
  bool reals = false;                 ///< fractions and exponents; only foreign OCI documents may have them
  std::uint64_t values = 4ULL << 20;  ///< all values together: a flood of tiny ones would cost 40 times its text
};

/// One value and nothing behind it. Refused with Error{malformed}: duplicate names, invalid UTF-8, lone
/// surrogates, a byte order mark, trailing data, reals (unless allowed) and "-0", integers outside of +-2^53
/// (unless reals are allowed: then they become doubles). Error{limit_exceeded} for size, count and depth.
Value parse(base::ByteView text, const ParseLimits& limits = {});

}  // namespace gapstow::json
