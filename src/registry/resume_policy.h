// How transfers of a network are taken up again.
#pragma once

#include "gapstow/registry/network.h"
#include "gapstow/registry/repository.h"

namespace gapstow::registry {

/// As often as its settings say, with waits that end when the run is cancelled. The network outlives it.
ResumePolicy resume_policy(const Network& network);

}  // namespace gapstow::registry
