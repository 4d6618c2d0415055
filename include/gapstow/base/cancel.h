// Cooperative cancellation: a signal handler raises the flag, loops over data look at it.
#pragma once

#include <atomic>

#include "gapstow/base/error.h"

namespace gapstow::base {

/// Shared by the threads of one run. `cancel` is safe in a signal handler.
class CancelToken {
 public:
  void cancel() noexcept { flag_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return flag_.load(std::memory_order_relaxed); }
  /// Throws Error{interrupted} once cancelled.
  void check() const {
    if (cancelled()) throw Error(ErrorCode::interrupted, "interrupted");
  }

 private:
  std::atomic<bool> flag_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace gapstow::base
