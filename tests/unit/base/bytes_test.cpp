#include "gapstow/base/bytes.h"

#include <catch2/catch.hpp>

using namespace gapstow::base;

TEST_CASE("bytes and text are two views of one thing") {
  const std::string text("a\0\xFF", 3);
  CHECK(as_bytes(text).size() == 3);
  CHECK(as_bytes(text)[2] == std::byte{0xFF});
  CHECK(as_text(as_bytes(text)) == text);
  CHECK(to_bytes(text) == to_bytes(as_bytes(text)));
  CHECK(as_text({}).empty());
  CHECK(as_bytes("").empty());
}

TEST_CASE("append and equal") {
  Bytes bytes = to_bytes("ab");
  append(bytes, as_bytes("c"));
  append(bytes, {});
  CHECK(equal(bytes, as_bytes("abc")));
  CHECK_FALSE(equal(bytes, as_bytes("ab")));
  CHECK_FALSE(equal(bytes, as_bytes("abd")));
  CHECK(equal({}, as_bytes("")));
}
