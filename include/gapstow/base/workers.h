// Parallel work over numbered items. No exception crosses a thread: workers hand results back.
#pragma once

#include <cstddef>
#include <functional>

#include "gapstow/base/error.h"

namespace gapstow::base {

/// Threads worth starting on this machine, at least 1, at most 16.
unsigned default_jobs();

/// Calls work(i) for every i in [0, count), in rising order of start, on up to `jobs` threads. When calls
/// fail, no new item above the lowest failed one is started, and the failure of the *lowest* item is thrown
/// here, so that the outcome is the one that a single thread would have found.
void run_parallel(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& work);

}  // namespace gapstow::base
