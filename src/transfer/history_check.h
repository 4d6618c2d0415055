// A chain against what the state has seen of it.
#pragma once

#include <optional>

#include "gapstow/base/error.h"
#include "gapstow/trust/state.h"
#include "gapstow/tuf/chain.h"

namespace gapstow::transfer {

/// Error{rollback} as a value when the chain is older than what was seen; nothing without a state. What no reason
/// excuses (Error{equivocation}) is thrown.
std::optional<base::Error> older_than_seen(const tuf::VerifiedChain& chain, trust::State* state);

}  // namespace gapstow::transfer
