// An accepted time is in the range, and its normal form reads as the same instant.
#include "fuzz/fuzz.h"
#include "gapstow/base/time.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const auto time = fuzz::accepted([&] { return base::parse_time(base::as_text(input)); });
  if (time) {
    fuzz::require(time->seconds >= base::kFirstSecond && time->seconds <= base::kLastSecond, "years 0001 to 9999");
    const std::string text = base::format_time(*time);
    fuzz::require(base::parse_time(text) == *time, "format keeps the instant");
    fuzz::require(base::format_time(base::parse_time(text)) == text, "the normal form is one spelling");
  }
  const auto duration = fuzz::accepted([&] { return base::parse_duration(base::as_text(input)); });
  if (duration) fuzz::require(*duration >= 0, "durations are not negative");
}
