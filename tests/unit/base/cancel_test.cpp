#include "gapstow/base/cancel.h"

#include <catch2/catch.hpp>

#include "support/error_of.h"

using namespace gapstow::base;

TEST_CASE("a cancelled token throws from then on") {
  CancelToken token;
  token.check();
  CHECK_FALSE(token.cancelled());
  token.cancel();
  CHECK(token.cancelled());
  REQUIRE_ERROR(interrupted, token.check());
  REQUIRE_ERROR(interrupted, token.check());
}
