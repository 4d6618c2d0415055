// The clock against what the state has proof of.
#pragma once

#include "gapstow/base/time.h"
#include "gapstow/trust/state.h"

namespace gapstow::transfer {

/// Error{clock_behind} when the local clock is earlier than the floor of the state; nothing without a state.
void check_clock_floor(const base::Time& local, trust::State* state);

}  // namespace gapstow::transfer
