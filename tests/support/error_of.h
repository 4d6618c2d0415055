// What a call throws, so that tests match on failure classes and never on message text.
#pragma once

#include <optional>
#include <ostream>

#include "gapstow/base/error.h"

namespace gapstow::base {

inline std::ostream& operator<<(std::ostream& out, ErrorCode code) { return out << name(code); }

}  // namespace gapstow::base

namespace gapstow::test {

/// The class of the Error that `body` throws, or nothing when it returns.
template <typename Body>
std::optional<base::ErrorCode> error_of(Body&& body) {
  try {
    body();
  } catch (const base::Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace gapstow::test

/// REQUIRE that `expression` throws an Error of class `code`.
#define REQUIRE_ERROR(expected, expression) \
  REQUIRE(gapstow::test::error_of([&] { static_cast<void>(expression); }) == gapstow::base::ErrorCode::expected)
