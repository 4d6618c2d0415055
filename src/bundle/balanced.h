// Work on many entries at once, the largest first, with the outcome of one thread.
#pragma once

#include <functional>
#include <vector>

#include "gapstow/bundle/statement.h"

namespace gapstow::bundle {

/// Calls work(i) for every entry from `first` on. With several jobs the largest entries are started first, so that the
/// threads end together. When calls fail, every entry before the failed one is still worked on, and the failure of the
/// first entry in order is thrown: it is the one that front-to-back work finds.
void for_each_entry(const std::vector<Entry>& entries, std::size_t first, unsigned jobs,
                    const std::function<void(std::size_t)>& work);

}  // namespace gapstow::bundle
