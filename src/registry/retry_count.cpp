#include "retry_count.h"

#include <algorithm>
#include <charconv>
#include <random>

namespace gapstow::registry {

bool RetryCount::again(std::uint64_t position, const Reply* refusal) {
  if (position > furthest_) {
    furthest_ = position;
    count_ = 0;
  }
  if (count_ >= policy_.retries) return false;
  ++count_;
  if (policy_.wait) policy_.wait(wait_time(refusal));
  return true;
}

std::chrono::milliseconds RetryCount::wait_time(const Reply* refusal) const {
  constexpr unsigned kFirst = 100;
  constexpr unsigned kLongest = 10'000;
  const unsigned backoff = std::min(kFirst << std::min(count_ - 1, 10U), kLongest);
  // Not all clients that a server cut at once come back at once.
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uint64_t milliseconds = std::uniform_int_distribution<unsigned>(backoff / 2, backoff)(random);
  const auto field = refusal != nullptr ? refusal->headers.find("Retry-After") : std::nullopt;
  if (field) {
    std::uint64_t seconds = 0;
    const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), seconds);
    const bool good = error == std::errc() && end == field->data() + field->size();
    if (good) milliseconds = std::max(milliseconds, std::min<std::uint64_t>(seconds, kMaxRetryWaitSeconds) * 1000);
  }
  return std::chrono::milliseconds(milliseconds);
}

}  // namespace gapstow::registry
