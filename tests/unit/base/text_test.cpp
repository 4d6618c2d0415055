#include "gapstow/base/text.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "support/error_of.h"
#include "support/gen_bytes.h"

using namespace gapstow;
using namespace gapstow::base;

TEST_CASE("printable escapes what could steer a terminal or disguise a name") {
  CHECK(printable("plain é 😀 ~") == "plain é 😀 ~");
  CHECK(printable("a\nb\r\t\x1b[2J\x7F") == "a\\x0ab\\x0d\\x09\\x1b[2J\\x7f");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
  CHECK(printable("\xC2\x9B") == "\\xc2\\x9b");
  CHECK(printable("\xFF\xC3") == "\\xff\\xc3");
  CHECK(printable("\u202E\u2066\u200F\u061C\uFEFF\u2028") ==
        "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\x8f\\xd8\\x9c\\xef\\xbb\\xbf\\xe2\\x80\\xa8");
  CHECK(printable("").empty());
}

TEST_CASE("UTF-8 is well-formed or not") {
  for (const char* good :
       {"", "a", "é", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80"}) {
    CHECK(is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "a\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3("}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("split and join") {
  CHECK(split("a/b//c", '/') == std::vector<std::string_view>{"a", "b", "", "c"});
  CHECK(split("", '/') == std::vector<std::string_view>{""});
  CHECK(split("/", '/') == std::vector<std::string_view>{"", ""});
  CHECK(join({"a", "b", ""}, ", ") == "a, b, ");
  CHECK(join({}, ", ").empty());
  CHECK(join({"", ""}, "/") == "/");
}

TEST_CASE("counts for people") {
  CHECK(counted(0, "image") == "0 images");
  CHECK(counted(1, "image") == "1 image");
  CHECK(counted(1, "entry") == "1 entry");
  CHECK(counted(2, "entry") == "2 entries");
}

TEST_CASE("sizes for people") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(999) == "999 B");
  CHECK(human_size(1000) == "1.0 kB");
  CHECK(human_size(1'234'567) == "1.2 MB");
  CHECK(human_size(999'949) == "999.9 kB");
  CHECK(human_size(999'950) == "1.0 MB");
  CHECK(human_size(UINT64_MAX) == "18.4 EB");
}

TEST_CASE("sizes from people are exact") {
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("1") == 1);
  CHECK(parse_size("4.7GB") == 4'700'000'000);
  CHECK(parse_size("0.29GB") == 290'000'000);
  CHECK(parse_size("1.15MB") == 1'150'000);
  CHECK(parse_size("650MB") == 650'000'000);
  CHECK(parse_size("1GiB") == 1ULL << 30);
  CHECK(parse_size("0.5KiB") == 512);
  CHECK(parse_size("2K") == 2048);
  CHECK(parse_size("1kB") == 1000);
  CHECK(parse_size("1.5B") == 1);
  CHECK(parse_size("8388607TiB") == 8388607ULL << 40);
  CHECK(parse_size("9007199254740993") == 9007199254740993);
  CHECK(parse_size("1.999999999TiB") == 2199023254452);
}

TEST_CASE("other spellings of sizes are refused") {
  for (const char* text : {"",
                           "B",
                           "0",
                           "0GB",
                           "-1",
                           "+1",
                           "1 GB",
                           " 1",
                           "1gb",
                           "1XB",
                           "1e3",
                           "0x10",
                           "inf",
                           "nan",
                           ".5GB",
                           "1.GB",
                           "1.5.5GB",
                           "8388608TiB",
                           "9999999999999999999",
                           "99999999999999999999999999",
                           "1,5GB",
                           "0.4B",
                           "1.1234567890GB",
                           "GB4"}) {
    CAPTURE(text);
    CHECK(test::error_of([&] { parse_size(text); }) == ErrorCode::usage);
  }
}

TEST_CASE("text properties") {
  rc::prop("printable text is UTF-8 without controls, and stays as it is", [] {
    const std::string shown = printable(as_text(*test::any_bytes()));
    RC_ASSERT(is_utf8(shown));
    RC_ASSERT(printable(shown) == shown);
    RC_ASSERT(std::ranges::none_of(shown, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }));
  });
  rc::prop("generated text is UTF-8", [] { RC_ASSERT(is_utf8(*test::any_text())); });
  rc::prop("join undoes split", [] {
    const std::string text = *test::any_text();
    std::vector<std::string> parts;
    for (const auto part : split(text, '/')) parts.emplace_back(part);
    RC_ASSERT(join(parts, "/") == text);
  });
  rc::prop("whole numbers of bytes are read exactly", [] {
    const auto size = *rc::gen::inRange<std::uint64_t>(1, 1ULL << 59);
    RC_ASSERT(parse_size(std::to_string(size)) == size);
  });
}
