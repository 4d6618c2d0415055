#include "gapstow/json/write.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <set>

#include "gapstow/base/fs.h"
#include "gapstow/digest/digest.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "support/error_of.h"
#include "support/gen_json.h"

using namespace gapstow;
using json::Array;
using json::Object;
using json::Value;

TEST_CASE("serialize writes one spelling") {
  CHECK(json::serialize(Value()) == "null");
  CHECK(json::serialize(true) == "true");
  CHECK(json::serialize(false) == "false");
  CHECK(json::serialize(0) == "0");
  CHECK(json::serialize(std::int64_t{INT64_MIN}) == "-9223372036854775808");
  CHECK(json::serialize(Array()) == "[]");
  CHECK(json::serialize(Object()) == "{}");
  CHECK(json::serialize(Object{{"b", Array{1, "x"}}, {"a", Object{{"", Value()}}}, {"B", 2}}) ==
        R"({"B":2,"a":{"":null},"b":[1,"x"]})");
}

TEST_CASE("serialize escapes what RFC 8785 demands and nothing else") {
  CHECK(json::serialize("\"\\/\b\f\n\r\t") == R"("\"\\/\b\f\n\r\t")");
  CHECK(json::serialize(std::string("\0\x01\x0B\x1F", 4)) == R"("\u0000\u0001\u000b\u001f")");
  CHECK(json::serialize("\x7F<>&\xE2\x80\xA8\xC3\xA9\xF0\x9F\x98\x80") ==
        "\"\x7F<>&\xE2\x80\xA8\xC3\xA9\xF0\x9F\x98\x80\"");
  CHECK(json::serialize(Object{{"a\n\"", 1}}) == R"({"a\n\"":1})");
}

TEST_CASE("pretty indents by two spaces and ends the line") {
  CHECK(json::pretty(Object{{"b", Array{1, Object()}}, {"a", Object{{"c", Array()}}}}) ==
        "{\n  \"a\": {\n    \"c\": []\n  },\n  \"b\": [\n    1,\n    {}\n  ]\n}\n");
  CHECK(json::pretty(Value()) == "null\n");
}

TEST_CASE("canonical leaves all but quote and backslash as they are") {
  CHECK(json::canonical("\"\\/\b\n\t\x7F\xC3\xA9") == "\"\\\"\\\\/\b\n\t\x7F\xC3\xA9\"");
  CHECK(json::canonical(std::string("a\0b", 3)) == std::string("\"a\0b\"", 5));
  CHECK(json::canonical(Object{{"b", Array{true, Value()}}, {"\n", -1}}) == "{\"\n\":-1,\"b\":[true,null]}");
}

TEST_CASE("reals and texts that are not UTF-8 are refused") {
  REQUIRE_ERROR(internal, json::serialize(1.5));
  REQUIRE_ERROR(internal, json::pretty(Array{1.0}));
  REQUIRE_ERROR(malformed, json::canonical(Object{{"a", 1.5}}));
  REQUIRE_ERROR(malformed, json::serialize("\xFF"));
  REQUIRE_ERROR(malformed, json::serialize(Object{{"\xED\xA0\x80", 1}}));
}

TEST_CASE("the canonical form gives the key IDs that real Notary metadata carries") {
  base::SystemFs fs;
  const std::string path = GAPSTOW_SOURCE_DIR "/samples/chains/dct-rotated/1.root.json";
  const Value document = json::parse(base::read_file(fs, path, 1 << 20));
  const auto keys = json::Cursor(document).at("signed").at("keys").members();
  REQUIRE_FALSE(keys.empty());
  for (const auto& [id, key] : keys) {
    CHECK(digest::sha256(base::as_bytes(json::canonical(key.value()))).hex() == id);
  }
}

TEST_CASE("writing properties") {
  rc::prop("serialize is idempotent and injective", [] {
    const Value a = *test::any_json(2);
    const Value b = *test::any_json(2);
    const std::string text = json::serialize(a);
    RC_ASSERT(json::serialize(json::parse(base::as_bytes(text))) == text);
    RC_ASSERT((json::serialize(b) == text) == (a == b));
    RC_ASSERT((json::canonical(b) == json::canonical(a)) == (a == b));
  });
  rc::prop("canonical is idempotent where it is JSON, and it is JSON unless it holds a control character", [] {
    const Value value = *test::any_json();
    const std::string text = json::canonical(value);
    const bool controls = std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    const auto code = test::error_of([&] {
      const Value again = json::parse(base::as_bytes(text));
      RC_ASSERT(again == value);
      RC_ASSERT(json::canonical(again) == text);
    });
    RC_ASSERT(code.has_value() == controls);
  });
}
