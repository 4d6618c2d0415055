#include "gapstow/base/encoding.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "support/error_of.h"
#include "support/gen_bytes.h"

using namespace gapstow;
using namespace gapstow::base;

TEST_CASE("hexadecimal has one spelling") {
  CHECK(hex(to_bytes("\x01\xAB\xFF")) == "01abff");
  CHECK(from_hex("01abff") == to_bytes("\x01\xAB\xFF"));
  CHECK(from_hex("").empty());
  for (const char* text : {"0", "0A", "0g", "0x00", " 00", "00 ", "0 ", "é"}) {
    CAPTURE(text);
    CHECK(test::error_of([&] { from_hex(text); }) == ErrorCode::malformed);
  }
  CHECK(is_hex("09af", 4));
  CHECK(is_hex("", 0));
  CHECK_FALSE(is_hex("09af", 5));
  CHECK_FALSE(is_hex("09aF", 4));
  CHECK_FALSE(is_hex(std::string_view("09a\0", 4), 4));
}

TEST_CASE("base64 vectors of RFC 4648") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    CHECK(base64(as_bytes(plain)) == encoded);
    CHECK(from_base64(encoded) == to_bytes(plain));
  }
  CHECK(base64(to_bytes("\xFB\xFF\xBF")) == "+/+/");
}

TEST_CASE("other spellings of base64 are refused") {
  for (const char* text : {"Z",    "Zg",       "Zg=",  "Zg===", "Zh==",     "Zk==",     "Zm9=",   "====",  "=",
                           "A===", "AA=A",     "=AAA", "A=AA",  "Zg==Zg==", "Zm8=Zm9v", "Zm9v\n", "Zm\n9", " Zm9v",
                           "-_-_", "Zm9v====", "Zm9*", "Zm9v=", "Zm9v==",   "Zm9v===",  "Zm9vY",  "Zm9vYm"}) {
    CAPTURE(text);
    CHECK(test::error_of([&] { from_base64(text); }) == ErrorCode::malformed);
  }
  REQUIRE_ERROR(malformed, from_base64(std::string_view("Zm9\0", 4)));
}

TEST_CASE("encoding properties") {
  rc::prop("decode after encode is the identity", [] {
    const Bytes bytes = *test::any_bytes();
    RC_ASSERT(from_hex(hex(bytes)) == bytes);
    RC_ASSERT(from_base64(base64(bytes)) == bytes);
    RC_ASSERT(is_hex(hex(bytes), bytes.size() * 2));
  });
  rc::prop("whatever is accepted is the one spelling", [] {
    const auto digits = rc::gen::element<char>('A', 'B', 'Z', 'a', 'g', 'w', '0', '9', '+', '/', '=', '-', '\n');
    const std::string text = *rc::gen::container<std::string>(*rc::gen::inRange<std::size_t>(0, 13), digits);
    try {
      RC_ASSERT(base64(from_base64(text)) == text);
    } catch (const Error& error) {
      RC_ASSERT(error.code() == ErrorCode::malformed);
    }
  });
  rc::prop("every change of the last two digits that keeps the bytes is refused", [] {
    const Bytes bytes = *rc::gen::nonEmpty(test::any_bytes());
    const std::string text = base64(bytes);
    for (std::size_t i = text.size() - 4; i < text.size(); ++i) {
      for (int c = 0; c < 256; ++c) {
        std::string other = text;
        other[i] = static_cast<char>(c);
        if (other == text) continue;
        try {
          RC_ASSERT(from_base64(other) != bytes);
        } catch (const Error&) {
          continue;
        }
      }
    }
  });
}
