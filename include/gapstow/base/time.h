// Instants, their RFC 3339 text, and the clock as an interface.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace gapstow::base {

/// An instant in UTC with nanoseconds; years 0001 to 9999.
struct Time {
  std::int64_t seconds = 0;      ///< since 1970-01-01T00:00:00Z
  std::int32_t nanoseconds = 0;  ///< 0 to 999,999,999

  auto operator<=>(const Time&) const = default;
  /// Stops at the first and last second of the range.
  Time plus_seconds(std::int64_t delta) const;
};

/// RFC 3339 with `T` and `Z` or an offset, 0 to 9 fractional digits; leap seconds (:60) and instants whose UTC
/// year is not 0001 to 9999 are refused.
/// Throws Error{malformed}.
Time parse_time(std::string_view text);

/// "2026-11-22T17:08:45Z"; a fraction is written only when it is not zero, without trailing zeros.
std::string format_time(Time time);

/// The seconds of 0001-01-01T00:00:00Z and of 9999-12-31T23:59:59Z.
inline constexpr std::int64_t kFirstSecond = -62'135'596'800;
inline constexpr std::int64_t kLastSecond = 253'402'300'799;

/// "90d", "12h", "30m", "45s" -> seconds. Throws Error{usage}.
std::int64_t parse_duration(std::string_view text);

/// "3 days", "2 hours": the largest unit that fits, for people.
std::string human_duration(std::int64_t seconds);

/// The only way to ask what time it is; verifiers never do, they are told.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

/// The machine's real-time clock.
class SystemClock final : public Clock {
 public:
  Time now() const override;
};

}  // namespace gapstow::base
