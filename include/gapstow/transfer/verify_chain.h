// Verifying a chain without an image (`chain verify`).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/time.h"
#include "gapstow/transfer/chain_source.h"
#include "gapstow/transfer/outcome.h"
#include "gapstow/trust/state.h"
#include "gapstow/trust/store.h"

namespace gapstow::transfer {

struct ChainRequest {
  const trust::TrustStore& store;
  trust::RunPolicy policy;
  std::optional<base::Time> at;
  std::vector<std::string> targets;  ///< empty: all
  std::string rollback_reason;       ///< empty: not allowed
  bool commit = false;               ///< remember the versions seen
};

struct ProvenChain {
  Outcome outcome;  ///< one chain, no image
  std::vector<tuf::ProvenTarget> targets;
};

/// Proves a chain from the store's pins, judges its lifetimes (rule `now` unless said otherwise; there is no seal) and
/// compares it with the state. Throws for every refusal; commits last.
ProvenChain verify_chain(const FoundChain& found, const std::string& gun, const ChainRequest& request,
                         trust::State* state, const base::Clock& clock);

}  // namespace gapstow::transfer
