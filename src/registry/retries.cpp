#include "retries.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <thread>

#include "curl.h"
#include "gapstow/base/error.h"
#include "gapstow/registry/server.h"

namespace gapstow::registry {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::milliseconds;

constexpr milliseconds kLongestPause{10'000};
constexpr milliseconds kSlice{50};

/// Seconds or a date; nothing for what is neither.
std::optional<std::int64_t> seconds_of(const std::string& text, const base::Clock& clock) {
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end == text.data() + text.size()) {
    if (problem == std::errc::result_out_of_range) return INT64_MAX;
    if (problem == std::errc()) return std::max<std::int64_t>(seconds, 0);
  }
  prepare_curl();
  const auto instant = curl_getdate(text.c_str(), nullptr);
  if (instant == -1) return std::nullopt;
  return std::max<std::int64_t>(static_cast<std::int64_t>(instant) - clock.now().seconds, 0);
}

}  // namespace

bool is_passing_status(int status) {
  constexpr std::array kPassing{408, 429, 500, 502, 503, 504};
  return std::ranges::find(kPassing, status) != kPassing.end();
}

Retries::Retries(const Settings& settings, const base::Clock& clock, const base::CancelToken& cancel)
    : clock_(clock),
      cancel_(cancel),
      left_(settings.retries),
      ceiling_(settings.first_pause),
      random_(std::random_device{}()) {}

bool Retries::wait() {
  if (left_ == 0) return false;
  --left_;
  std::uniform_int_distribution<milliseconds::rep> jitter(0, ceiling_.count());
  pause(milliseconds(jitter(random_)));
  ceiling_ = std::min(ceiling_ * 2, kLongestPause);
  return true;
}

bool Retries::wait(const Reply& reply) {
  const auto text = reply.headers.find("Retry-After");
  const auto seconds = text ? seconds_of(*text, clock_) : std::nullopt;
  if (!seconds) return wait();
  if (left_ == 0) return false;
  if (*seconds > kMaxRetryWaitSeconds) {
    throw Error(ErrorCode::network,
                describe(reply) + "; the server wants a pause of " + std::to_string(*seconds) + " s",
                "run the command again after that time; what has been done is kept where that is safe");
  }
  --left_;
  pause(std::chrono::seconds(*seconds));
  return true;
}

void Retries::pause(milliseconds time) const {
  const auto until = std::chrono::steady_clock::now() + time;
  for (;;) {
    cancel_.check();
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) return;
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(kSlice, until - now));
  }
}

}  // namespace gapstow::registry
