#include "gapstow/base/time.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "support/error_of.h"

using namespace gapstow;
using namespace gapstow::base;

TEST_CASE("RFC 3339 times are read") {
  CHECK(parse_time("1970-01-01T00:00:00Z") == Time{0, 0});
  CHECK(parse_time("2026-11-22T17:08:45Z") == Time{1795367325, 0});
  CHECK(parse_time("2026-11-22T18:08:45+01:00") == Time{1795367325, 0});
  CHECK(parse_time("2026-11-22T11:38:45-05:30") == Time{1795367325, 0});
  CHECK(parse_time("1969-12-31T23:59:59.5Z") == Time{-1, 500'000'000});
  CHECK(parse_time("2029-11-19T17:08:45.123456789Z").nanoseconds == 123'456'789);
  CHECK(parse_time("2024-02-29T00:00:00Z") < parse_time("2024-03-01T00:00:00Z"));
  CHECK(parse_time("2026-01-01T00:00:00-00:00") == parse_time("2026-01-01T00:00:00Z"));
  CHECK(parse_time("0001-01-01T00:00:00Z").seconds == kFirstSecond);
  CHECK(parse_time("9999-12-31T23:59:59Z").seconds == kLastSecond);
}

TEST_CASE("other texts are no times") {
  for (const char* text : {"",
                           "2026",
                           "2026-11-22",
                           "2026-11-22T17:08Z",
                           "2026-11-22T17:08:45",
                           "2026-11-22 17:08:45Z",
                           "2026-11-22t17:08:45Z",
                           "2026-11-22T17:08:45z",
                           "2026-11-22T17:08:45.Z",
                           "2026-11-22T17:08:45.1234567890Z",
                           "2026-11-22T17:08:45,5Z",
                           "2026-11-22T17:08:60Z",
                           "2026-11-22T17:60:00Z",
                           "2026-11-22T24:00:00Z",
                           "2026-00-22T17:08:45Z",
                           "2026-13-22T17:08:45Z",
                           "2026-11-00T17:08:45Z",
                           "2026-11-31T17:08:45Z",
                           "2026-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "26-11-22T17:08:45Z",
                           "+2026-11-22T17:08:45Z",
                           "02026-11-22T17:08:45Z",
                           "2026-11-22T17:08:45Z ",
                           " 2026-11-22T17:08:45Z",
                           "2026-11-22T17:08:45+01",
                           "2026-11-22T17:08:45+0100",
                           "2026-11-22T17:08:45+24:00",
                           "2026-11-22T17:08:45+01:60",
                           "2026-11-22T17:08:45Z+01:00",
                           "2026-11-2aT17:08:45Z",
                           "2026-11-22T-1:08:45Z",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01"}) {
    CAPTURE(text);
    CHECK(test::error_of([&] { parse_time(text); }) == ErrorCode::malformed);
  }
}

TEST_CASE("times are written without an idle fraction") {
  CHECK(format_time({0, 0}) == "1970-01-01T00:00:00Z");
  CHECK(format_time({1795367325, 120'000'000}) == "2026-11-22T17:08:45.12Z");
  CHECK(format_time({-1, 1}) == "1969-12-31T23:59:59.000000001Z");
  CHECK(format_time({kFirstSecond, 0}) == "0001-01-01T00:00:00Z");
  CHECK(format_time({kLastSecond, 0}) == "9999-12-31T23:59:59Z");
}

TEST_CASE("adding seconds stays in the range") {
  CHECK(Time{10, 7}.plus_seconds(-20) == Time{-10, 7});
  CHECK(Time{10, 7}.plus_seconds(INT64_MAX) == Time{kLastSecond, 7});
  CHECK(Time{-10, 7}.plus_seconds(INT64_MIN) == Time{kFirstSecond, 7});
  CHECK(Time{0, 0}.plus_seconds(kLastSecond + 1).seconds == kLastSecond);
}

TEST_CASE("durations") {
  CHECK(parse_duration("90d") == 90 * 86400);
  CHECK(parse_duration("12h") == 12 * 3600);
  CHECK(parse_duration("30m") == 1800);
  CHECK(parse_duration("45s") == 45);
  CHECK(parse_duration("0s") == 0);
  for (const char* text :
       {"", "d", "90", "-1d", "+1d", "1.5d", "1 d", "1D", "1w", "1d12h", "106751991167301d", "99999999999999999999s"}) {
    CAPTURE(text);
    CHECK(test::error_of([&] { parse_duration(text); }) == ErrorCode::usage);
  }
  CHECK(human_duration(0) == "0 seconds");
  CHECK(human_duration(1) == "1 second");
  CHECK(human_duration(7200) == "2 hours");
  CHECK(human_duration(3 * 86400 + 5) == "3 days");
  CHECK(human_duration(800 * 86400) == "2 years");
}

TEST_CASE("the system clock is in the range") {
  const Time now = SystemClock().now();
  CHECK(now > parse_time("2020-01-01T00:00:00Z"));
  CHECK(now.nanoseconds < 1'000'000'000);
}

TEST_CASE("time properties") {
  rc::prop("parse undoes format, and order is kept", [] {
    const auto any_time = [] {
      return Time{*rc::gen::inRange<std::int64_t>(kFirstSecond, kLastSecond + 1),
                  *rc::gen::oneOf(rc::gen::just(0), rc::gen::inRange(0, 1'000'000'000))};
    };
    const Time a = any_time();
    const Time b = any_time();
    RC_ASSERT(parse_time(format_time(a)) == a);
    if (a.nanoseconds == 0 && b.nanoseconds == 0) RC_ASSERT((format_time(a) < format_time(b)) == (a < b));
  });
  rc::prop("a changed character gives no crash, and what is accepted round-trips", [] {
    std::string text = "2026-11-22T17:08:45.25+01:00";
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = static_cast<char>(*rc::gen::inRange(0x20, 0x7F));
    try {
      const Time time = parse_time(text);
      RC_ASSERT(parse_time(format_time(time)) == time);
    } catch (const Error& error) {
      RC_ASSERT(error.code() == ErrorCode::malformed);
    }
  });
}
