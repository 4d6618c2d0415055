// Descriptors: how many connections the system lets this process have. Source: getrlimit(2).
#pragma once

#include <cstddef>
#include <vector>

#include "gapstow/serve/listener.h"

namespace gapstow::serve {

/// Lets this process open as much as the connections of these listeners need, as far as the system allows it; where
/// that is not enough each listener gets its share of what there is, so that none can take the descriptors of another.
void provide_descriptors(std::vector<ListenerSettings>& listeners);

/// The limits of connections, scaled to `available` in all; each stays at least 1.
void share_connections(std::vector<ListenerSettings>& listeners, std::size_t available);

}  // namespace gapstow::serve
