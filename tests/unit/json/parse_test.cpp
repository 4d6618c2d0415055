#include "gapstow/json/parse.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "gapstow/json/write.h"
#include "support/error_of.h"
#include "support/gen_bytes.h"
#include "support/gen_json.h"

using namespace gapstow;
using json::Array;
using json::Object;
using json::Value;

namespace {

Value parse(std::string_view text, const json::ParseLimits& limits = {}) {
  return json::parse(base::as_bytes(text), limits);
}

json::ParseLimits with_reals() {
  json::ParseLimits limits;
  limits.reals = true;
  return limits;
}

std::string repeated(std::string_view piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

void check_malformed(std::string_view text, const json::ParseLimits& limits = {}) {
  CAPTURE(std::string(text));
  CHECK(test::error_of([&] { parse(text, limits); }) == base::ErrorCode::malformed);
}

}  // namespace

TEST_CASE("every kind of value is read") {
  CHECK(parse("null") == Value());
  CHECK(parse(" \t\r\n true ") == Value(true));
  CHECK(parse("false") == Value(false));
  CHECK(parse("0") == Value(0));
  CHECK(parse("-17") == Value(-17));
  CHECK(parse("\"\"") == Value(""));
  CHECK(parse("[]") == Value(Array()));
  CHECK(parse("{}") == Value(Object()));
  CHECK(parse(R"([1,[2,{"b":[],"a":null}],"x"])") ==
        Value(Array{1, Array{2, Object{{"a", Value()}, {"b", Array()}}}, "x"}));
  CHECK(parse(R"({"":{"":""}})") == Value(Object{{"", Object{{"", ""}}}}));
}

TEST_CASE("strings follow RFC 8259") {
  CHECK(parse(R"("\"\\\/\b\f\n\r\t\u0041")") == Value("\"\\/\b\f\n\r\tA"));
  CHECK(parse(R"("a\u0000b")") == Value(std::string("a\0b", 3)));
  CHECK(parse("\"\x7F\"") == Value("\x7F"));
  CHECK(parse(R"("\uD83D\uDE00")") == Value("\xF0\x9F\x98\x80"));
  CHECK(parse("\"\xEF\xBB\xBF\"") == Value("\xEF\xBB\xBF"));
  CHECK(parse(R"("\uFFFF")") == Value("\xEF\xBF\xBF"));
  for (unsigned control = 0; control < 0x20; ++control) {
    check_malformed("\"" + std::string(1, static_cast<char>(control)) + "\"");
  }
  for (const char* text : {R"("\x41")", R"("\u12")", R"("\u12G4")", R"("\U0041")", R"("\")", "\"", "'a'", R"("\a")"}) {
    check_malformed(text);
  }
}

TEST_CASE("ill-formed UTF-8 and lone surrogates are refused") {
  for (const char* bytes :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3\x28"}) {
    check_malformed("\"" + std::string(bytes) + "\"");
    check_malformed("{\"" + std::string(bytes) + "\":1}");
  }
  for (const char* text : {R"("\uD800")", R"("\uDC00")", R"("\uD83D\u0041")", R"("\uD83D\uD83D")", R"("\uDE00\uD83D")",
                           R"("\uD83Dx")", R"("\uD83D\n")"}) {
    check_malformed(text);
  }
}

TEST_CASE("numbers have one spelling") {
  CHECK(parse("9007199254740992") == Value(std::int64_t{1} << 53));
  CHECK(parse("-9007199254740992") == Value(-(std::int64_t{1} << 53)));
  for (const char* text : {"-0",
                           "[-0]",
                           "00",
                           "01",
                           "-01",
                           "+1",
                           "1.0",
                           "1.",
                           ".5",
                           "1e3",
                           "1E3",
                           "-",
                           "0x10",
                           "1_000",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "9007199254740993",
                           "-9007199254740993",
                           "9223372036854775807",
                           "-9223372036854775808",
                           "9223372036854775808",
                           "18446744073709551615",
                           "18446744073709551616",
                           "-18446744073709551616",
                           "100000000000000000000000000000000000000000",
                           "1e400"}) {
    check_malformed(text);
  }
}

TEST_CASE("reals are read where they are allowed") {
  CHECK(parse("1.5", with_reals()) == Value(1.5));
  CHECK(parse("1e3", with_reals()) == Value(1000.0));
  CHECK(parse("3", with_reals()) == Value(3));
  CHECK(parse("9007199254740993", with_reals()) == Value(9007199254740992.0));
  CHECK(parse("-9007199254740994", with_reals()) == Value(-9007199254740994.0));
  CHECK(parse("18446744073709551616", with_reals()) == Value(18446744073709551616.0));
  for (const char* text : {"-0", "1e400", "01.5", "1.", ".5", "NaN"}) check_malformed(text, with_reals());
}

TEST_CASE("a name occurs once in an object, at any depth and in any spelling") {
  for (const char* text :
       {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"({"a":1,"\u0061":1})", R"({"\u00e9":1,"é":1})",
        R"({"":1,"":2})", R"([[{"x":{"y":[{"a":1,"a":2}]}}]])", R"({"/":1,"\/":2})", R"({"a\u0000":1,"a\u0000":2})"}) {
    check_malformed(text);
  }
  CHECK(parse(R"({"a":1,"A":2,"a\u0000":3,"a ":4})").get_if<Object>()->size() == 4);
  CHECK(parse(R"({"a":{"a":{"a":1}},"b":{"a":1}})").get_if<Object>()->size() == 2);
  // Equal after normalisation, but not byte for byte: two names.
  CHECK(parse("{\"\xC3\xA9\":1,\"e\xCC\x81\":2}").get_if<Object>()->size() == 2);
}

TEST_CASE("one value and nothing else") {
  for (const std::string_view text : {std::string_view(""),
                                      std::string_view(" "),
                                      std::string_view("1 2"),
                                      std::string_view("{}{}"),
                                      std::string_view("{},"),
                                      std::string_view("[1,]"),
                                      std::string_view("[,1]"),
                                      std::string_view("{\"a\":1,}"),
                                      std::string_view("{,}"),
                                      std::string_view("{\"a\"}"),
                                      std::string_view("{\"a\":}"),
                                      std::string_view("{a:1}"),
                                      std::string_view("{1:1}"),
                                      std::string_view("[1 2]"),
                                      std::string_view("{\"a\" 1}"),
                                      std::string_view("["),
                                      std::string_view("{"),
                                      std::string_view("]"),
                                      std::string_view("[}"),
                                      std::string_view("{]"),
                                      std::string_view("[1"),
                                      std::string_view("{\"a\":1"),
                                      std::string_view("tru"),
                                      std::string_view("True"),
                                      std::string_view("nullx"),
                                      std::string_view("// c\n1"),
                                      std::string_view("/* c */1"),
                                      std::string_view("1//"),
                                      std::string_view("1\0", 2),
                                      std::string_view("1\0garbage", 9),
                                      std::string_view("\0", 1),
                                      std::string_view("[1\0]", 4),
                                      std::string_view("\xEF\xBB\xBF{}"),
                                      std::string_view("\xEF\xBB\xBF"),
                                      std::string_view("\xEF"),
                                      std::string_view("\xFE\xFF\0{\0}", 6),
                                      std::string_view("{}\x0B"),
                                      std::string_view("\x0C{}"),
                                      std::string_view("\xC2\xA0{}"),
                                      std::string_view("{}\xEF\xBB\xBF")}) {
    check_malformed(text);
  }
  CHECK_THROWS_AS(json::parse({}), base::Error);
}

TEST_CASE("depth is bounded, and a bomb does not recurse") {
  json::ParseLimits limits;
  limits.depth = 3;
  CHECK(json::serialize(parse("[[[1]]]", limits)) == "[[[1]]]");
  REQUIRE_ERROR(limit_exceeded, parse("[[[[1]]]]", limits));
  REQUIRE_ERROR(limit_exceeded, parse(R"({"a":[{"b":[]}]})", limits));
  CHECK(parse("[[[]],[[]],[[]]]", limits).get_if<Array>()->size() == 3);
  for (const char* open : {"[", "{\"a\":", "[{\"a\":", "[[],"}) {
    REQUIRE_ERROR(limit_exceeded, parse(repeated(open, 1'000'000)));
  }
  const std::string deepest = repeated("[", 64) + repeated("]", 64);
  CHECK(json::serialize(parse(deepest)) == deepest);
  REQUIRE_ERROR(limit_exceeded, parse("[" + deepest + "]"));
}

TEST_CASE("length and count are bounded") {
  json::ParseLimits limits;
  limits.bytes = 4;
  CHECK(parse("1234", limits) == Value(1234));
  REQUIRE_ERROR(limit_exceeded, parse("12345", limits));
  limits.bytes = 1000;
  limits.values = 3;
  CHECK(parse("[1,2]", limits) == Value(Array{1, 2}));
  REQUIRE_ERROR(limit_exceeded, parse("[1,2,3]", limits));
  REQUIRE_ERROR(limit_exceeded, parse(R"({"a":{},"b":{},"c":{}})", limits));
}

TEST_CASE("every truncation of a document is refused") {
  const std::string text = R"({"signed":{"a":[1,-2,true,null,"\u00e9\n"],"b":{}},"signatures":[{"sig":"AA=="}]})";
  CHECK(parse(text).get_if<Object>() != nullptr);
  for (std::size_t length = 0; length < text.size(); ++length)
    check_malformed(std::string_view(text).substr(0, length));
}

TEST_CASE("refusals are one line") {
  for (const char* text : {"{\"a\nb\":1}", "[1,\n\n2,\x1b[31m]", "{\"a\\nb\":1,\"a\\nb\":2}", "\"\xff\n\""}) {
    try {
      parse(text);
      FAIL("accepted");
    } catch (const base::Error& error) {
      CHECK(error.why().find_first_of("\n\x1b") == std::string::npos);
    }
  }
}

TEST_CASE("a document of a hundred thousand targets is read") {
  std::string text = "{\"targets\":{";
  for (int i = 0; i < 100'000; ++i) {
    const std::string number = std::to_string((i * 7919L) % 100'000);
    text += (i == 0 ? "\"" : ",\"") + number + R"(":{"hashes":{"sha256":"nmZhMWI4"},"length":)" + number + "}";
  }
  text += "}}";
  const Value value = parse(text);
  CHECK(value.get_if<Object>()->find("targets")->get_if<Object>()->size() == 100'000);
}

TEST_CASE("parse properties") {
  rc::prop("what serialize writes is read back", [] {
    const Value value = *test::any_json();
    RC_ASSERT(parse(json::serialize(value)) == value);
    RC_ASSERT(parse(json::pretty(value)) == value);
  });
  rc::prop("the order of members does not matter", [] {
    const auto names = *rc::gen::unique<std::vector<std::string>>(test::any_text());
    const auto text_of = [](const std::vector<std::string>& order) {
      std::string text = "{";
      for (const auto& name : order) {
        text += (text.size() > 1 ? "," : "") + json::serialize(name) + ":" + std::to_string(name.size());
      }
      return text + "}";
    };
    auto reversed = names;
    std::ranges::reverse(reversed);
    RC_ASSERT(parse(text_of(names)) == parse(text_of(reversed)));
  });
  rc::prop("any text is read or refused", [] {
    const base::Bytes bytes = *test::any_bytes();
    const auto code = test::error_of([&] { json::parse(bytes); });
    RC_ASSERT(!code || *code == base::ErrorCode::malformed || *code == base::ErrorCode::limit_exceeded);
  });
  rc::prop("a changed byte is refused or read as something that round-trips", [] {
    std::string text = json::serialize(*test::any_json());
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = static_cast<char>(*rc::gen::inRange(0, 256));
    try {
      const Value value = parse(text);
      RC_ASSERT(parse(json::serialize(value)) == value);
    } catch (const base::Error& error) {
      RC_ASSERT(error.code() == base::ErrorCode::malformed);
    }
  });
}
