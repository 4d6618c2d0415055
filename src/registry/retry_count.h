// RetryCount: how often a transfer was taken up again without getting further, and the waiting in between.
#pragma once

#include <chrono>
#include <cstdint>

#include "gapstow/registry/message.h"
#include "gapstow/registry/repository.h"

namespace gapstow::registry {

class RetryCount {
 public:
  explicit RetryCount(ResumePolicy policy) : policy_(std::move(policy)) {}
  /// The transfer stands at `position`: beyond the furthest one so far the count begins anew. False when there are no
  /// retries left; otherwise waits, longer each time, and as long as `refusal` wants by Retry-After, within bounds.
  bool again(std::uint64_t position, const Reply* refusal = nullptr);

 private:
  std::chrono::milliseconds wait_time(const Reply* refusal) const;

  ResumePolicy policy_;
  std::uint64_t furthest_ = 0;
  unsigned count_ = 0;
};

}  // namespace gapstow::registry
