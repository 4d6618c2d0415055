#include "gapstow/base/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "gapstow/base/error.h"

namespace gapstow::base {
namespace {

/// Cuts fixed-width fields off the front of a time text.
class Fields {
 public:
  explicit Fields(std::string_view text) : all_(text), rest_(text) {}

  int digits(std::size_t count) {
    if (rest_.size() < count) refuse();
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') refuse();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  void expect(char c) {
    if (!accept(c)) refuse();
  }
  bool accept(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::int32_t fraction() {
    std::int32_t value = 0;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && count < 9; ++count) {
      value = value * 10 + digits(1);
    }
    if (count == 0) refuse();
    for (; count < 9; ++count) value *= 10;
    return value;
  }
  void finish() const {
    if (!rest_.empty()) refuse();
  }
  [[noreturn]] void refuse() const {
    constexpr std::size_t kMost = 60;
    throw Error(ErrorCode::malformed, "'" + std::string(all_.substr(0, kMost)) + (all_.size() > kMost ? "…'" : "'") +
                                          " is not an RFC 3339 time");
  }

 private:
  std::string_view all_;
  std::string_view rest_;
};

}  // namespace

Time Time::plus_seconds(std::int64_t delta) const {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(seconds, delta, &sum)) sum = delta < 0 ? kFirstSecond : kLastSecond;
  return {std::clamp(sum, kFirstSecond, kLastSecond), nanoseconds};
}

Time parse_time(std::string_view text) {
  Fields fields(text);
  const int year = fields.digits(4);
  fields.expect('-');
  const int month = fields.digits(2);
  fields.expect('-');
  const int day = fields.digits(2);
  fields.expect('T');
  const int hour = fields.digits(2);
  fields.expect(':');
  const int minute = fields.digits(2);
  fields.expect(':');
  const int second = fields.digits(2);
  Time time;
  if (fields.accept('.')) time.nanoseconds = fields.fraction();
  std::int64_t offset = 0;
  if (!fields.accept('Z')) {
    const bool west = fields.accept('-');
    if (!west) fields.expect('+');
    const int hours = fields.digits(2);
    fields.expect(':');
    const int minutes = fields.digits(2);
    if (hours > 23 || minutes > 59) fields.refuse();
    offset = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
  }
  fields.finish();
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1 || !date.ok() || hour > 23 || minute > 59 || second > 59) fields.refuse();
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  time.seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset;
  if (time.seconds < kFirstSecond || time.seconds > kLastSecond) fields.refuse();
  return time;
}

std::string format_time(Time time) {
  const std::time_t seconds = time.seconds;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  std::string text = buffer.data();
  if (time.nanoseconds != 0) {
    std::snprintf(buffer.data(), buffer.size(), ".%09d", time.nanoseconds);
    text += buffer.data();
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::int64_t parse_duration(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t factor = unit == "d" ? 86400 : unit == "h" ? 3600 : unit == "m" ? 60 : unit == "s" ? 1 : 0;
  std::int64_t seconds = 0;
  if (error != std::errc{} || value < 0 || factor == 0 || __builtin_mul_overflow(value, factor, &seconds)) {
    throw Error(ErrorCode::usage, "'" + std::string(text) + "' is not a duration", "write 90d, 12h, 30m or 45s");
  }
  return seconds;
}

std::string human_duration(std::int64_t seconds) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  constexpr std::array kUnits{Unit{365 * 86400, "year"}, Unit{86400, "day"}, Unit{3600, "hour"}, Unit{60, "minute"},
                              Unit{1, "second"}};
  for (const auto& unit : kUnits) {
    const std::int64_t count = seconds / unit.seconds;
    if (count >= 1) return std::to_string(count) + " " + unit.name + (count == 1 ? "" : "s");
  }
  return "0 seconds";
}

Time SystemClock::now() const {
  std::timespec spec{};
  clock_gettime(CLOCK_REALTIME, &spec);
  return {spec.tv_sec, static_cast<std::int32_t>(spec.tv_nsec)};
}

}  // namespace gapstow::base
