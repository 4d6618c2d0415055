#include "gapstow/base/checked.h"

#include <catch2/catch.hpp>

#include "support/error_of.h"

using namespace gapstow::base;

TEST_CASE("sums that overflow are refused") {
  CHECK(checked_add(1, 2) == 3);
  CHECK(checked_add(UINT64_MAX, 0) == UINT64_MAX);
  REQUIRE_ERROR(limit_exceeded, checked_add(UINT64_MAX, 1));
  REQUIRE_ERROR(limit_exceeded, checked_add(UINT64_MAX / 2 + 1, UINT64_MAX / 2 + 1));
}

TEST_CASE("narrowing keeps the value or fails") {
  CHECK(checked_narrow<std::uint8_t>(255) == 255);
  CHECK(checked_narrow<std::int64_t>(std::uint64_t{INT64_MAX}) == INT64_MAX);
  REQUIRE_ERROR(limit_exceeded, checked_narrow<std::uint8_t>(256));
  REQUIRE_ERROR(limit_exceeded, checked_narrow<std::uint64_t>(-1));
  REQUIRE_ERROR(limit_exceeded, checked_narrow<std::int64_t>(UINT64_MAX));
}

TEST_CASE("limits include their own value") {
  check_limit(5, 5, "items");
  REQUIRE_ERROR(limit_exceeded, check_limit(6, 5, "items"));
}
