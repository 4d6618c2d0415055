// Retries: when a request is tried again, and how long is waited before.
#pragma once

#include <chrono>
#include <random>

#include "gapstow/base/cancel.h"
#include "gapstow/base/time.h"
#include "gapstow/registry/message.h"
#include "gapstow/registry/settings.h"

namespace gapstow::registry {

/// 408, 429, 500, 502, 503, 504.
bool is_passing_status(int status);

/// The tries of one call.
class Retries {
 public:
  Retries(const Settings& settings, const base::Clock& clock, const base::CancelToken& cancel);

  /// True when there is another try; waits for its time (exponential backoff with full jitter). Error{interrupted}.
  bool wait();
  /// As wait(), as long as the answer says in Retry-After; Error{network} when that is too long.
  bool wait(const Reply& reply);

 private:
  void pause(std::chrono::milliseconds time) const;

  const base::Clock& clock_;
  const base::CancelToken& cancel_;
  unsigned left_;
  std::chrono::milliseconds ceiling_;
  std::minstd_rand random_;
};

}  // namespace gapstow::registry
